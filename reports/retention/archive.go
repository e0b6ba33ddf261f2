package retention

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v17/arrow"

	"trunkline/internal/disk"
	"trunkline/reports/parquet"
)

// ErrArchive is returned, wrapped, for an archive that does not say what was to be written.
var ErrArchive = errors.New("the archive is not what was to be archived")

// Archives is a folder of Parquet files: one for every kind and UTC day, and a further one, with a number, for what of a day goes later.
type Archives struct {
	Dir string // Empty: nothing is archived.
}

// name returns where the archive of a day belongs. A file that is there already was not noted by the run that wrote it, which dropped
// nothing: it is written over.
func (a Archives) name(k Kind, day time.Time, earlier int) string {
	name := day.Format(time.DateOnly)
	if earlier > 0 {
		name += "-" + strconv.Itoa(earlier+1)
	}
	return filepath.Join(a.Dir, string(k), name+".parquet")
}

// keep writes a file that lasts. Before it gets its name it is on disk, was read back and compared by check.
func (a Archives) keep(ctx context.Context, name string, write func(io.Writer) error, check func(ctx context.Context, part string) error) error {
	folder := filepath.Dir(name)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	part := name + ".part"
	err := writeSynced(part, write)
	if err == nil {
		err = check(ctx, part)
	}
	if err == nil {
		err = os.Rename(part, name)
	}
	for _, dir := range []string{folder, a.Dir} {
		if err == nil {
			err = disk.OS{}.SyncDir(dir)
		}
	}
	if err != nil {
		return fmt.Errorf("archive %s: %w", name, errors.Join(err, gone(os.Remove(part))))
	}
	return nil
}

// remove takes an archive away of which nothing was dropped.
func (a Archives) remove(name string) error {
	if name == "" {
		return nil
	}
	return errors.Join(gone(os.Remove(name)), gone(disk.OS{}.SyncDir(filepath.Dir(name))))
}

// gone takes it for success that a file is not there.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

const bufferSize = 1 << 20

func writeSynced(name string, write func(io.Writer) error) (err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640) //nolint:gosec // The operator chooses the folder; those of their group may read.
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := bufio.NewWriterSize(f, bufferSize)
	if err := write(b); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	return f.Sync()
}

// Read calls do for the rows of an archive, some at a time. The batch is valid until do returns.
func Read(ctx context.Context, name string, do func(arrow.Record) error) (err error) {
	f, err := os.Open(name) //nolint:gosec // The operator chooses the folder.
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := parquet.Read(ctx, f, do); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}
