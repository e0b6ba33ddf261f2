package smdr_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/cdr/smdr"
)

// samples are the inputs of the golden files, by format.
func samples(tb testing.TB) map[string][]string {
	tb.Helper()
	out := make(map[string][]string)
	files, err := filepath.Glob("testdata/golden/*")
	require.NoError(tb, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(tb, err)
		for block := range strings.SplitSeq(string(data), "\n\n") {
			head, rest, _ := strings.Cut(block, "\n")
			name, _, _ := strings.Cut(head, " ")
			input, _, ok := strings.Cut(rest, "\n----")
			if ok {
				out[name] = append(out[name], input+"\n")
			}
		}
	}
	return out
}

func options() smdr.Options {
	return smdr.Options{Zone: time.UTC, Reference: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
}

// Any split of the bytes gives the same calls and the same faults.
func TestSplitsDoNotMatter(t *testing.T) {
	t.Parallel()
	all := samples(t)
	for _, name := range smdr.Names() {
		f, err := smdr.BuiltIn(name)
		require.NoError(t, err)
		require.NotEmpty(t, all[name], "%s has no golden file", name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				input := []byte(rapid.SampledFrom(all[name]).Draw(t, "sample"))
				for range rapid.IntRange(0, 5).Draw(t, "damages") {
					at := rapid.IntRange(0, len(input)-1).Draw(t, "at")
					input[at] = rapid.Byte().Draw(t, "byte")
				}
				want := run(t, f, options(), input, len(input))
				require.Equal(t, want, run(t, f, options(), input, rapid.IntRange(1, 40).Draw(t, "size")))
			})
		})
	}
}

func TestOutputCanBeReadAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"csv", "json"} {
		var out strings.Builder
		w, err := smdr.NewWriter(&out, kind)
		require.NoError(t, err)
		require.NoError(t, w.Write(&smdr.Call{
			Source: "x", Line: 7, Start: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), Ring: 5 * time.Second, Duration: time.Minute,
			Answered: true, Direction: 1, From: "101", To: "79161234567", Extension: "101", Trunk: "a,\"b\"", Raw: "a\"\\ \t\xff", Records: 1,
		}))
		require.NoError(t, w.Close())
		f, err := smdr.BuiltIn("generic-" + kind)
		require.NoError(t, err)
		got := run(t, f, options(), []byte(out.String()), 1000)
		require.Contains(t, got, `outbound ring 5s talk 1m0s "101" > "79161234567" ext=101 trunk=a,"b"`)
	}
	_, err := smdr.NewWriter(&strings.Builder{}, "xml")
	require.Error(t, err)
}
