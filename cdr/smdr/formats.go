package smdr

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed formats/*.yaml
var builtIn embed.FS

// ErrFormat is returned, wrapped, for a name that no format has.
var ErrFormat = errors.New("no such format")

// Names returns the names of the built-in formats, sorted.
func Names() []string {
	files, err := fs.Glob(builtIn, "formats/*.yaml")
	if err != nil { // The pattern is a constant.
		return nil
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(path.Base(f), ".yaml")
	}
	slices.Sort(files)
	return files
}

// BuiltIn returns the built-in format of a name, or ErrFormat.
func BuiltIn(name string) (*Format, error) {
	data, err := builtIn.ReadFile("formats/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("%w: %q: `trunkline import formats` lists them", ErrFormat, name)
	}
	return Read(bytes.NewReader(data))
}

// All returns the built-in formats, sorted by name.
func All() ([]*Format, error) {
	var out []*Format
	for _, name := range Names() {
		f, err := BuiltIn(name)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}
