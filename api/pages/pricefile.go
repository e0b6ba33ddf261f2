package pages

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	"trunkline/console"
)

// Price lists and tariffs are files. Small ones are changed in the page, others are sent.
const (
	fileTyped = 64 << 10 // The most that is shown to be changed.
	fileMost  = 16 << 20
)

// fileView is the file of a deck or a tariff.
type fileView struct {
	Text  string
	Large int // Bytes of a file that is too large to be changed here; 0: it is not.
}

func (p *Pages) fileView(r *request, k kind) (fileView, error) {
	content, err := p.o.Console.Content(r.Request.Context(), r.who, k.kind, r.Param("id"))
	return typedFile(content), err
}

// typedFile is a file that may be changed in the page, or only its size.
func typedFile(content []byte) fileView {
	if len(content) > fileTyped {
		return fileView{Large: len(content)}
	}
	return fileView{Text: string(content)}
}

// content is the file that was sent, or else the text that was typed; nil: as it is. A file without a name is named as the object.
func (k kind) content(r *request, id string, d console.Document) ([]byte, error) {
	if d["file"] == nil {
		d["file"] = id + k.Suffix
	}
	header, err := r.FormFile("upload")
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart), err == nil && header.Size == 0:
		if text := strings.ReplaceAll(r.PostForm("text"), "\r\n", "\n"); text != "" {
			return []byte(text), nil
		}
		return nil, nil
	case err != nil:
		return nil, errors.Join(console.ErrInvalid, err)
	}
	file, err := header.Open()
	if err != nil {
		return nil, fmt.Errorf("read the file that was sent: %w", err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, fileMost))
	if err != nil {
		return nil, fmt.Errorf("read the file that was sent: %w", err)
	}
	return content, nil
}

// thingFile sends the file of a deck or a tariff.
func (p *Pages) thingFile(k kind) handler {
	return func(r *request) error {
		content, err := p.o.Console.Content(r.Request.Context(), r.who, k.kind, r.Param("id"))
		if err != nil {
			return err
		}
		t, err := p.o.Console.Thing(r.Request.Context(), r.who, k.kind, r.Param("id"))
		if err != nil {
			return err
		}
		return r.file(path.Base(cmp.Or(cell(t.Document, "file"), t.ID+k.Suffix)), content)
	}
}
