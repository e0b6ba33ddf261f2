package sheet

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// maxShared bounds the texts of a spreadsheet that cells share, in bytes, all together.
const maxShared = 256 << 20

// book is a spreadsheet of Office Open XML (ECMA-376). Only names and shared texts are kept in memory.
type book struct {
	parts    map[string]*zip.File
	sheets   []bookSheet
	shared   texts
	loaded   bool // Whether the shared texts are there.
	date1904 bool
}

type bookSheet struct {
	Sheet
	part string
}

func openBook(z *zip.Reader) (*book, error) {
	b := &book{parts: make(map[string]*zip.File, len(z.File))}
	for _, f := range z.File {
		b.parts[strings.TrimPrefix(path.Clean(f.Name), "/")] = f
	}
	main, err := b.mainPart()
	if err != nil {
		return nil, err
	}
	targets, err := b.relations(main)
	if err != nil {
		return nil, err
	}
	err = b.scan(main, func(x *xmlScanner) error {
		switch string(x.name) {
		case "workbookPr":
			b.date1904 = x.attr("date1904") == "1" || x.attr("date1904") == "true"
		case "sheet":
			if part := targets[x.attr("id")]; b.parts[part] != nil && !strings.Contains(part, "chartsheet") {
				b.sheets = append(b.sheets, bookSheet{Sheet{Name: x.attr("name"), Hidden: x.attr("state") != "" && x.attr("state") != "visible"}, part})
			}
		}
		return nil
	})
	if err == nil && len(b.sheets) == 0 {
		err = fmt.Errorf("%w: the spreadsheet has no sheet", ErrFile)
	}
	return b, err
}

// mainPart finds the workbook by the relations of the package, or where it usually is.
func (b *book) mainPart() (string, error) {
	if b.parts["xl/workbook.xml"] != nil {
		return "xl/workbook.xml", nil
	}
	found := ""
	err := b.scan("_rels/.rels", func(x *xmlScanner) error {
		if strings.HasSuffix(x.attr("Type"), "/officeDocument") {
			found = strings.TrimPrefix(path.Clean(x.attr("Target")), "/")
		}
		return nil
	})
	if err != nil || b.parts[found] == nil {
		return "", fmt.Errorf("%w: the archive holds no spreadsheet", ErrFile)
	}
	return found, nil
}

// relations returns where the parts are that a part names by an id.
func (b *book) relations(part string) (map[string]string, error) {
	dir := path.Dir(part)
	out := make(map[string]string)
	err := b.scan(path.Join(dir, "_rels", path.Base(part)+".rels"), func(x *xmlScanner) error {
		if target := x.attr("Target"); strings.HasPrefix(target, "/") {
			out[x.attr("Id")] = strings.TrimPrefix(target, "/")
		} else if target != "" {
			out[x.attr("Id")] = path.Join(dir, target)
		}
		return nil
	})
	return out, err
}

// scan calls f for every beginning of an element of a part.
func (b *book) scan(part string, f func(*xmlScanner) error) error {
	file := b.parts[part]
	if file == nil {
		return fmt.Errorf("%w: the spreadsheet lacks %s", ErrFile, part)
	}
	in, err := file.Open()
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrFile, part, err)
	}
	defer in.Close()
	x := newXMLScanner(in)
	for {
		switch err := x.tag(); {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, ErrFile):
			return err
		case err != nil:
			return fmt.Errorf("%w: %s: %w", ErrFile, part, err)
		}
		if x.end {
			continue
		}
		if err := f(x); err != nil {
			return err
		}
	}
}

// load reads the texts that cells share.
func (b *book) load() error {
	if b.loaded {
		return nil
	}
	b.loaded = true
	for name, file := range b.parts {
		if strings.EqualFold(path.Base(name), "sharedStrings.xml") {
			return b.shared.read(file)
		}
	}
	return nil
}

// find returns a sheet by its name, in any case of its letters; empty: the first.
func (b *book) find(name string) (*bookSheet, error) {
	if name == "" {
		return &b.sheets[0], nil
	}
	names := make([]string, 0, len(b.sheets))
	for i := range b.sheets {
		if strings.EqualFold(b.sheets[i].Name, name) {
			return &b.sheets[i], nil
		}
		names = append(names, b.sheets[i].Name)
	}
	return nil, fmt.Errorf("%w: there is no sheet %q: it has %s", ErrFile, name, strings.Join(names, ", "))
}
