package pages

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"trunkline/access"
	"trunkline/console"
	"trunkline/provision"
)

// operatorFileView is an operator's file that is to be applied.
type operatorFileView struct {
	Upload string // Of the file that was sent; empty: none was yet.
	Prune  bool
	Report *console.ApplyReport
	Chosen map[string]string // keep or overwrite, by what was changed at another place too.
}

func (p *Pages) operatorFile(r *request) error {
	for _, need := range []access.Permission{access.WriteRouting, access.WriteTenants, access.WritePrices} {
		if err := mayRead(r.who, need); err != nil {
			return err
		}
	}
	return r.show("operator-file", "Operator's file", operatorFileView{})
}

// applyFile takes an operator's file, shows what it would change, and, when that is asked for, changes it.
func (p *Pages) applyFile(r *request) error {
	v := operatorFileView{Upload: r.PostForm("upload_id"), Prune: r.PostForm("prune") == "on", Chosen: make(map[string]string)}
	err := p.takeFile(r, &v)
	if err == nil {
		err = p.planFile(r, &v)
	}
	if err != nil {
		return r.again("operator-file", "Operator's file", v, err)
	}
	return r.show("operator-file", "Operator's file", v)
}

// takeFile keeps the file that was sent, if one was.
func (p *Pages) takeFile(r *request, v *operatorFileView) error {
	header, err := r.FormFile("upload")
	switch {
	case v.Upload != "":
		return nil
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return fmt.Errorf("%w: file: choose the operator's file, or a zip of it and its prices", console.ErrInvalid)
	case err != nil:
		return errors.Join(console.ErrInvalid, err)
	}
	file, err := header.Open()
	if err != nil {
		return fmt.Errorf("read the file that was sent: %w", err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, console.MaxDeck+1))
	if err != nil {
		return fmt.Errorf("read the file that was sent: %w", err)
	}
	v.Upload, err = p.o.Console.SendFile(r.Request.Context(), r.who, header.Filename, content)
	return err
}

func (p *Pages) planFile(r *request, v *operatorFileView) (err error) {
	o := console.ApplyOptions{Prune: v.Prune, Choice: chosenOf(r, v.Chosen)}
	v.Report, err = p.o.Console.ApplyFile(r.Request.Context(), r.who, console.SentFile{Upload: v.Upload}, o, r.PostForm("do") != "apply")
	if err == nil && v.Report.Applied {
		v.Upload = ""
	}
	return err
}

// chosenOf reads what is to become of what was changed at another place too: fields named choice:tenant/beauty.
func chosenOf(r *request, chosen map[string]string) (c provision.Choice) {
	for field := range r.Request.PostForm {
		name, ok := strings.CutPrefix(field, "choice:")
		if !ok {
			continue
		}
		switch chosen[name] = r.PostForm(field); chosen[name] {
		case "keep":
			c.Keep = append(c.Keep, name)
		case "overwrite":
			c.Overwrite = append(c.Overwrite, name)
		}
	}
	return c
}
