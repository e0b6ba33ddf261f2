package doctor

import (
	"path/filepath"

	"trunkline/internal/disk"
	"trunkline/internal/frame"
)

const (
	// SpoolFolder is the folder of legs that wait, within the data folder.
	SpoolFolder = "spool"
	// JournalFolder is the folder of calls in progress.
	JournalFolder = "sip"
)

// damagedFile is a damaged part in a data folder.
type damagedFile struct {
	Of    string // journal or spool.
	Path  string
	Bytes int64
}

// DamagedFiles returns what is damaged in a data folder and was not dealt with, in the journal and in the spool.
func DamagedFiles(data string) ([]damagedFile, error) {
	var out []damagedFile
	for _, one := range []struct{ of, dir string }{{"journal", JournalFolder}, {"spool", SpoolFolder}} {
		parts, err := frame.Damage(disk.OS{}, filepath.Join(data, one.dir))
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			out = append(out, damagedFile{one.of, p.Path, p.Bytes})
		}
	}
	return out, nil
}
