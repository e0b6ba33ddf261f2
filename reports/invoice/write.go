package invoice

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// Write writes a document in the format of a file's ending: .pdf, .xlsx or .json. calls, if not nil, are added to the first two. Any
// other ending is ErrEnding.
func Write(out io.Writer, name string, i Issued, brand Brand, calls Calls) error {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".pdf":
		return WritePDF(out, i, brand, calls)
	case ".xlsx":
		return WriteXLSX(out, i, calls)
	case ".json":
		return json.NewEncoder(out).Encode(i)
	}
	return fmt.Errorf("%s: %w", name, ErrEnding)
}

// ErrEnding is returned, wrapped, for a file whose name does not say in which format a document is written.
var ErrEnding = errors.New("want a name that ends in .pdf, .xlsx or .json")

// ParseReadings reads counters and their values, such as storage_mb=1250; branch and moment of all are those of one.
func ParseReadings(words []string, one Reading) ([]Reading, error) {
	out := make([]Reading, 0, len(words))
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("%q: want a counter and its value, such as storage_mb=1250", word)
		}
		var err error
		if one.Value, err = strconv.ParseInt(value, 10, 64); err != nil || one.Value < 0 {
			return nil, errors.Join(fmt.Errorf("%q: want a whole number that is not negative", word), err)
		}
		one.Counter = name
		out = append(out, one)
	}
	return out, nil
}
