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

// identity is what calls are told apart by.
type identity struct {
	digest uint64
	again  int
	wall   time.Time
}

type identities []identity

func (i *identities) Call(c *smdr.Call) error {
	*i = append(*i, identity{c.Digest, c.Again, c.Wall})
	return nil
}

func (i *identities) Fault(smdr.Fault) error { return nil }

// Whoever goes on from where Resume says finds every call, under the same identity.
func TestResumeLosesNothing(t *testing.T) {
	t.Parallel()
	all := samples(t)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"panasonic-tda-c", "samsung", "avaya-ipoffice", "siemens-hipath", "karel-ms128", "asterisk-csv", "asterisk-cel"}).Draw(t, "format")
		f, err := smdr.BuiltIn(name)
		require.NoError(t, err)
		input := []byte(all[name][0])
		cut := rapid.IntRange(0, len(input)).Draw(t, "cut")
		read := func(p []byte, end bool, resume *int64) identities {
			var out identities
			r, err := smdr.NewReader(f, options(), &out)
			require.NoError(t, err)
			_, err = r.Write(p)
			require.NoError(t, err)
			if resume != nil {
				*resume = r.Resume()
			}
			if end {
				require.NoError(t, r.Close())
			}
			return out
		}
		var at int64
		got := read(input[:cut], false, &at)
		require.LessOrEqual(t, at, int64(cut))
		got = append(got, read(input[at:], true, nil)...)
		for _, want := range read(input, true, nil) {
			if name == "samsung" { // Its days are told by the heading.
				want.wall = time.Time{}
				require.True(t, hasDigest(got, want.digest))
				continue
			}
			require.Contains(t, got, want)
		}
	})
}

func hasDigest(list identities, digest uint64) bool {
	for _, i := range list {
		if i.digest == digest {
			return true
		}
	}
	return false
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
