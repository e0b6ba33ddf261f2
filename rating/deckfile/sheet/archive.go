package sheet

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// maxParts bounds the files of an archive.
const maxParts = 10_000

// openZip opens an XLSX, or an archive with exactly one list. The directory says how large all is, before anything is unpacked,
// and the library refuses a part that is larger than it says.
func openZip(source *io.SectionReader, name string, archives bool) (*File, error) {
	z, err := zip.NewReader(source, source.Size())
	if err != nil {
		return nil, fmt.Errorf("%w: the archive is damaged: %w", ErrFile, err)
	}
	if err := checkSizes(z.File); err != nil {
		return nil, err
	}
	has := func(part string) bool {
		return slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == part })
	}
	switch {
	case has("xl/workbook.xml"), has("[Content_Types].xml") && !has("xl/workbook.bin"):
		b, err := openBook(z)
		return &File{source: source, book: b, name: name}, err
	case has("xl/workbook.bin"):
		return nil, fmt.Errorf("%w: it is a binary spreadsheet (.xlsb): save it as .xlsx or as CSV, and send that", ErrFile)
	case has("content.xml"):
		return nil, fmt.Errorf("%w: it is an OpenDocument spreadsheet (.ods): save it as .xlsx or as CSV, and send that", ErrFile)
	case !archives:
		return nil, fmt.Errorf("%w: it is an archive within an archive: send the list itself", ErrFile)
	}
	return openOnly(z)
}

func checkSizes(parts []*zip.File) error {
	if len(parts) > maxParts {
		return fmt.Errorf("%w: the archive has %d parts: %d are allowed", ErrFile, len(parts), maxParts)
	}
	var all uint64
	for _, f := range parts {
		if f.UncompressedSize64 > maxUnpacked || all+f.UncompressedSize64 > maxUnpacked {
			return fmt.Errorf("%w: it would unpack to more than %d MiB", ErrFile, maxUnpacked>>20)
		}
		all += f.UncompressedSize64
		if f.UncompressedSize64 > fairPart && f.UncompressedSize64/maxRatio > f.CompressedSize64 {
			return fmt.Errorf("%w: %s would unpack from %d bytes to %d: that is no list", ErrFile, path.Base(f.Name), f.CompressedSize64, f.UncompressedSize64)
		}
	}
	return nil
}

// openOnly opens the only list of an archive.
func openOnly(z *zip.Reader) (*File, error) {
	var lists []*zip.File
	var names []string
	for _, f := range z.File {
		base := path.Base(f.Name)
		if f.FileInfo().IsDir() || strings.HasPrefix(base, ".") || strings.HasPrefix(f.Name, "__MACOSX/") || strings.HasPrefix(strings.ToLower(base), "readme") {
			continue
		}
		names = append(names, f.Name)
		switch strings.ToLower(path.Ext(base)) {
		case ".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".htm", ".html", "":
			lists = append(lists, f)
		}
	}
	if len(lists) != 1 {
		return nil, fmt.Errorf("%w: the archive has %d lists (%s): send one of them", ErrFile, len(lists), strings.Join(names[:min(len(names), 10)], ", "))
	}
	if lists[0].Flags&1 != 0 {
		return nil, fmt.Errorf("%w: the archive has a password: send the list itself", ErrFile)
	}
	in, err := lists[0].Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFile, lists[0].Name, err)
	}
	defer in.Close()
	return openInner(in, lists[0].Name, maxInner)
}

func openGzip(source *io.SectionReader) (*File, error) {
	in, err := gzip.NewReader(io.NewSectionReader(source, 0, source.Size()))
	if err != nil {
		return nil, fmt.Errorf("%w: gzip: %w", ErrFile, err)
	}
	defer in.Close()
	return openInner(in, in.Name, max(fairPart, min(maxInner, source.Size()*maxRatio)))
}

// openInner keeps what is in an archive in memory, up to so many bytes, and opens it.
func openInner(in io.Reader, name string, most int64) (*File, error) {
	content, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFile, name, err)
	}
	if int64(len(content)) > most {
		return nil, fmt.Errorf("%w: %s unpacks to more than %d MiB", ErrFile, name, most>>20)
	}
	return open(io.NewSectionReader(bytes.NewReader(content), 0, int64(len(content))), name, false)
}
