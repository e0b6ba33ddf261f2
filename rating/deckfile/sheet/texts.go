package sheet

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"math"
)

// texts are many texts in one piece of memory.
type texts struct {
	all  []byte
	ends []uint32
}

// read reads the items of sharedStrings.xml. Parts of a rich text are put together; how they are read aloud is left out.
func (t *texts) read(file *zip.File) error {
	in, err := file.Open()
	if err != nil {
		return fmt.Errorf("%w: shared texts: %w", ErrFile, err)
	}
	defer in.Close()
	x := newXMLScanner(in)
	aloud := false
	for {
		err := x.tag()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: shared texts: %w", ErrFile, err)
		}
		switch string(x.name) {
		case "t":
			if x.end && !x.alone && !aloud {
				t.all = append(t.all, unescape(x.text)...)
			}
		case "rPh":
			aloud = !x.end && !x.alone
		case "si":
			if x.end || x.alone {
				t.ends = append(t.ends, uint32(len(t.all))) //nolint:gosec // maxShared is far below.
			}
		}
		if len(t.all) > maxShared || len(t.ends) > math.MaxInt32 {
			return fmt.Errorf("%w: the texts of the spreadsheet have more than %d MiB", ErrFile, maxShared>>20)
		}
	}
}

// at returns a text by its number; false: there is none.
func (t *texts) at(i int) (string, bool) {
	if i < 0 || i >= len(t.ends) {
		return "", false
	}
	start := uint32(0)
	if i > 0 {
		start = t.ends[i-1]
	}
	return string(t.all[start:t.ends[i]]), true
}
