package doctor

import (
	"fmt"
	"path/filepath"

	"trunkline/cdr/spool"
	"trunkline/internal/cause"
	"trunkline/internal/disk"
)

// Spooled returns the files of a data folder's spool, and the damaged parts of its journal.
func Spooled(data string) (files, journal []spool.File, err error) {
	if files, err = spool.Files(disk.OS{}, filepath.Join(data, SpoolFolder)); err != nil {
		return nil, nil, err
	}
	parts, err := DamagedFiles(data)
	for _, p := range parts {
		if p.Of == "journal" {
			journal = append(journal, spool.File{Name: filepath.Base(p.Path), Bytes: p.Bytes, Damaged: true})
		}
	}
	return files, journal, err
}

// FindSpooled finds a file of the spool, or a damaged part of spool or journal, by the name that Spooled gives it. A name that there
// is not is an error that is marked as cause.Input.
func FindSpooled(data, name string) (path string, journal bool, err error) {
	if filepath.Base(name) != name {
		return "", false, cause.Mark(cause.Input, fmt.Errorf("%s: give the name of a file as `trunkline spool list` shows it, without a folder", name))
	}
	for _, dir := range []string{SpoolFolder, JournalFolder} {
		path := filepath.Join(data, dir, name)
		f, err := disk.OS{}.Open(path)
		if err == nil {
			return path, dir == JournalFolder, f.Close()
		}
	}
	return "", false, cause.Mark(cause.Input, fmt.Errorf("there is no file %s in the spool of %s: see `trunkline spool list`", name, data))
}
