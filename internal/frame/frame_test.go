package frame_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/internal/frame"
)

func written(f frame.Format, bodies ...[]byte) (data []byte, starts []int) {
	for _, body := range bodies {
		starts = append(starts, len(data))
		data = append(frame.Begin(data), body...)
		f.Seal(data[starts[len(starts)-1]:])
	}
	return data, starts
}

// TestWhatIsNotHitIsRead: whatever a stretch of bytes is overwritten with, all frames beside it are read, and nothing is read that was not
// written.
func TestWhatIsNotHitIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := frame.New(rapid.Uint64().Draw(t, "salt"), 1000)
		bodies := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 60), 1, 12).Draw(t, "bodies")
		data, starts := written(f, bodies...)
		from := rapid.IntRange(0, len(data)-1).Draw(t, "from")
		till := rapid.IntRange(from+1, min(from+40, len(data))).Draw(t, "till")
		for i := from; i < till; i++ {
			data[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		}
		var want [][]byte
		for i, at := range starts {
			end := at + frame.HeadLength + len(bodies[i])
			if end <= from || at >= till {
				want = append(want, bodies[i])
			}
		}
		var got [][]byte
		var length int64
		for p := range f.Parts(data) {
			require.Equal(t, length, p.Offset)
			length += p.Length
			if p.Kind == frame.Whole {
				got = append(got, p.Body)
			}
		}
		require.Equal(t, int64(len(data)), length, "the parts are all of the file")
		require.Len(t, got, len(want))
		for i := range want {
			require.True(t, bytes.Equal(want[i], got[i]))
		}
	})
}

// TestNobodyCanForge: a body that holds frames of another salt, or of none that its writer can know, is not read into.
func TestNobodyCanForge(t *testing.T) {
	t.Parallel()
	f := frame.New(1, 1000)
	forged, _ := written(frame.New(2, 1000), []byte("a leg that was never written"))
	data, starts := written(f, append([]byte("xx"), forged...), []byte("next"))
	data[starts[0]+5] ^= 1
	var bodies []string
	for p := range f.Parts(data) {
		if p.Kind == frame.Whole {
			bodies = append(bodies, string(p.Body))
		}
	}
	require.Equal(t, []string{"next"}, bodies)
}

func TestTornIsNoDamage(t *testing.T) {
	t.Parallel()
	f := frame.New(7, 1000)
	data, starts := written(f, []byte("first"), []byte("second"))
	for cut := starts[1]; cut < len(data); cut++ {
		for p := range f.Parts(data[:cut]) {
			require.NotEqual(t, frame.Damaged, p.Kind, "cut at %d", cut)
		}
	}
	for p := range f.Parts(append(data, make([]byte, 100)...)) {
		require.NotEqual(t, frame.Damaged, p.Kind, "room that was never written to")
	}
}

func FuzzParts(f *testing.F) {
	format := frame.New(3, 1000)
	data, _ := written(format, []byte("one"), nil, []byte("three"))
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		for p := range format.Parts(data) {
			n += int(p.Length)
		}
		require.Equal(t, len(data), n)
	})
}
