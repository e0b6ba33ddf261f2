package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

const salvageBlock = 4096

// Salvage reads a file, as ReadFile does; what the disk does not give back any more is zeros, and lost says how many bytes they are.
func Salvage(fsys FS, path string) (data []byte, lost int64, err error) {
	data, err = fsys.ReadFile(path)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return data, 0, err
	}
	f, err := fsys.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("salvage %s: %w", path, err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, 0, fmt.Errorf("salvage %s: %w", path, err)
	}
	data = make([]byte, size)
	for at := int64(0); at < size; at += salvageBlock {
		block := data[at:min(size, at+salvageBlock)]
		if _, err := f.ReadAt(block, at); err != nil && !errors.Is(err, io.EOF) {
			clear(block)
			lost += int64(len(block))
		}
	}
	return data, lost, nil
}
