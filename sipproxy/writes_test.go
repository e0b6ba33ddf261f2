package sipproxy_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/disk"
	"trunkline/sipproxy/agent"
)

// tally is a disk that counts what is written to its files.
type tally struct {
	disk.FS
	writes atomic.Int64
}

func (c *tally) Create(path string) (disk.File, error) {
	f, err := c.FS.Create(path)
	return tallyFile{f, c}, err
}

type tallyFile struct {
	disk.File
	disk *tally
}

func (f tallyFile) WriteAt(data []byte, at int64) (int, error) {
	f.disk.writes.Add(1)
	return f.File.WriteAt(data, at)
}

// TestCallIsWrittenFourTimes: before its INVITE leaves, when it is answered, when it is over, and when it is recorded. What is asked for and
// granted at once, and the ACK that follows the answer, go along with what is written anyhow.
func TestCallIsWrittenFourTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200, Ring: 20 * time.Millisecond})
	c := &tally{FS: disk.OS{}}
	w.quota, w.disk = true, c
	w.open()
	before := c.writes.Load()
	out := w.dial(w.agent("phone"), agent.Call{To: "74951234567", Talk: 200 * time.Millisecond})
	require.Equal(t, 200, out.Status)
	w.record()
	require.Eventually(t, func() bool { return w.proxy.JournalStats().Entries == 0 }, 5*time.Second, time.Millisecond)
	require.Equal(t, int64(4), c.writes.Load()-before)
}
