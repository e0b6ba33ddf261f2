package journal_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/sipproxy/journal"
)

// BenchmarkCall writes what one call writes: three states of it on its way, its decision once, three signs of life, its end, and then
// removes it. 1,000 calls are in progress.
func BenchmarkCall(b *testing.B) {
	j, err := journal.Open(journal.Options{Dir: b.TempDir(), FS: disk.OS{}, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer func() { require.NoError(b, j.Close()) }()
	state, why, last := make([]byte, 1200), make([]byte, 1500), make([]byte, 40)
	const inProgress = 1000
	n := 0
	for b.Loop() {
		id := fmt.Sprintf("019a2000-13d4-7e00-b66d-%012d", n)
		call, decision, end := "call/"+id, "why/"+id, "last/"+id
		write := func(changes ...journal.Change) {
			if err := j.Write(changes...); err != nil {
				b.Fatal(err)
			}
		}
		write(journal.Change{Key: decision, Value: why}, journal.Change{Key: call, Value: state})
		for range 2 {
			write(journal.Change{Key: call, Value: state})
		}
		for range 4 {
			write(journal.Change{Key: end, Value: last})
		}
		if n >= inProgress {
			old := fmt.Sprintf("019a2000-13d4-7e00-b66d-%012d", n-inProgress)
			write(journal.Change{Key: "last/" + old}, journal.Change{Key: "call/" + old}, journal.Change{Key: "why/" + old})
		}
		n++
	}
}
