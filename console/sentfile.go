package console

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"trunkline/access"
	"trunkline/provision"
)

// SentFile is an operator's file that somebody sends: alone, or in a zip with the files of prices that it names.
type SentFile struct {
	Name    string // Of the operator's file, in the zip or by itself; empty: operator.yaml.
	Content []byte
	Upload  string // In the place of Content: what SendFile gave for one that was sent before.
}

// Bounds of a zip, unpacked.
const (
	sentMost      = 256 << 20 // Bytes.
	sentFilesMost = 5000
)

// bundle reads what was sent. Files of prices that were not sent are those that are stored. All errors are ErrInvalid.
func (s *SentFile) bundle(ctx context.Context, check func(context.Context, *provision.Bundle) error, stored map[string][]byte) (*provision.Bundle, error) {
	name := s.Name
	if name == "" {
		name = "operator.yaml"
	}
	files, err := s.files(name)
	if err != nil {
		return nil, err
	}
	b, err := provision.ReadBundle(sentFiles{files, stored}, path.Base(name))
	if err == nil {
		err = b.Check()
	}
	if err == nil {
		err = check(ctx, b)
	}
	return b, faultyFile(err)
}

// files are what was sent, by the names that the operator's file has for them.
func (s *SentFile) files(name string) (map[string][]byte, error) {
	if !bytes.HasPrefix(s.Content, []byte("PK\x03\x04")) {
		return map[string][]byte{path.Base(name): s.Content}, nil
	}
	packed, err := zip.NewReader(bytes.NewReader(s.Content), int64(len(s.Content)))
	if err != nil {
		return nil, invalid("file: the zip cannot be read: %s: pack it again", err)
	}
	base, err := baseOf(packed, name)
	if err != nil {
		return nil, err
	}
	out, size := make(map[string][]byte), uint64(0)
	for _, f := range packed.File {
		if size += f.UncompressedSize64; size > sentMost || len(out) >= sentFilesMost {
			return nil, invalid("file: the zip has more than %d files or %d MiB: use `trunkline apply`", sentFilesMost, sentMost>>20)
		}
		inside, ok := strings.CutPrefix(path.Clean(f.Name), base)
		if !ok || f.FileInfo().IsDir() {
			continue
		}
		if out[inside], err = unpacked(f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// baseOf is the folder of the zip that the operator's file stands in, with a slash at its end; empty: none.
func baseOf(packed *zip.Reader, name string) (string, error) {
	base, found := "", 0
	for _, f := range packed.File {
		clean := path.Clean(f.Name)
		if clean == name {
			return strings.TrimSuffix(clean, path.Base(clean)), nil
		}
		if path.Base(clean) == name {
			base, found = strings.TrimSuffix(clean, name), found+1
		}
	}
	if found != 1 {
		return "", invalid("file: the zip has %d files named %q: it needs one; or say which one is the operator's file", found, name)
	}
	return base, nil
}

// unpacked is the content of a file of a zip, which is no longer than the zip says.
func unpacked(f *zip.File) ([]byte, error) {
	in, err := f.Open()
	if err != nil {
		return nil, invalid("file: %q in the zip cannot be read: %s", f.Name, err)
	}
	defer in.Close()
	content, err := io.ReadAll(io.LimitReader(in, sentMost))
	if err != nil {
		return nil, invalid("file: %q in the zip cannot be read: %s", f.Name, err)
	}
	return content, nil
}

// faultyFile makes an ErrInvalid of what is wrong with an operator's file, with the lines of the file.
func faultyFile(err error) error {
	if err == nil {
		return nil
	}
	faults := provision.Faults(err)
	if len(faults) == 0 {
		return invalid("file: %s", err)
	}
	out := &FaultsError{}
	for _, f := range faults {
		one := *f
		if one.Line > 0 {
			one.Problem = fmt.Sprintf("%s, line %d: %s", one.File, one.Line, one.Problem)
		}
		out.Faults = append(out.Faults, one)
	}
	return out
}

// sentFiles is a folder of files that were sent; behind them stand those that are stored.
type sentFiles struct{ sent, stored map[string][]byte }

// Open implements fs.FS.
func (s sentFiles) Open(name string) (fs.File, error) {
	content, ok := s.sent[name]
	if !ok {
		content, ok = s.stored[name]
	}
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("it was not sent, and is not stored")}
	}
	return sentContent{bytes.NewReader(content)}, nil
}

// sentContent is one open file of them.
type sentContent struct{ *bytes.Reader }

// Stat implements fs.File.
func (sentContent) Stat() (fs.FileInfo, error) { return nil, errors.ErrUnsupported }

// Close implements fs.File.
func (sentContent) Close() error { return nil }

// ApplyReport says what an operator's file changes, or would change.
type ApplyReport struct {
	Revision  int64 // That the change has, or would have.
	Applied   bool  // It is in force.
	Changes   []provision.Change
	Files     []string // Of prices that are new or other, by name.
	Kept      []string // What was changed elsewhere and stays, such as tenant/beauty.
	Conflicts []ApplyConflict
	Versions  []ApplyVersion
	Warnings  []string
}

// ApplyConflict is something that was changed in the file and at another place too.
type ApplyConflict struct {
	provision.Conflict

	By string // Who changed it at the other place.
	At string // When, RFC 3339.
}

// ApplyVersion is a version of prices that the file brings.
type ApplyVersion struct {
	Kind  provision.Kind
	ID    string
	Label string
	From  string // Moment from which it is in force, RFC 3339; empty: always.
}

// SendFile keeps an operator's file for a day, for who sent it, and returns the name by which it can be applied.
func (c *Console) SendFile(ctx context.Context, who *access.Principal, name string, content []byte) (string, error) {
	if err := mayApply(who); err != nil {
		return "", err
	}
	if len(content) == 0 || len(content) > MaxDeck {
		return "", invalid("file: choose the operator's file, or a zip of it and its prices, of up to %d MiB", MaxDeck>>20)
	}
	upload, err := newUpload()
	if err != nil {
		return "", err
	}
	return upload, c.d.Uploads.KeepUpload(ctx, upload, who.By(), name, content)
}

// ApplyFile compares an operator's file that somebody sends with what is provisioned, and, unless it is a dry run, stores it: all or nothing.
// What is wrong with the file is *FaultsError. Where something was changed at another place too, and nothing is chosen of it, it is
// ErrConflict, and the report has what it is. It may be repeated.
func (c *Console) ApplyFile(ctx context.Context, who *access.Principal, s SentFile, o ApplyOptions, dry bool) (*ApplyReport, error) {
	if err := mayApply(who); err != nil {
		return nil, err
	}
	if s.Upload != "" {
		var err error
		if _, s.Content, err = c.d.Uploads.Upload(ctx, s.Upload, who.By()); errors.Is(err, access.ErrNotFound) {
			return nil, fmt.Errorf("%w: the file is not kept any more: send it again", ErrNotFound)
		} else if err != nil {
			return nil, err
		}
	}
	stored, err := c.d.Setup.Load(ctx)
	if err != nil {
		return nil, err
	}
	b, err := s.bundle(ctx, c.d.Setup.Check, stored.Files)
	if err != nil {
		return nil, err
	}
	p, err := c.PlanApply(ctx, who, b, o)
	if err != nil {
		return nil, err
	}
	r, err := c.applyReport(ctx, who, b, p)
	if err != nil || dry {
		return r, err
	}
	if r.Revision, err = c.Apply(ctx, who, p); err != nil {
		return r, err
	}
	r.Applied = true
	return r, nil
}
