package console_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/provision"
)

const smallFile = "realm: pbx.example\n"

// packed is a zip of files by their names.
func packed(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range files {
		f, err := w.Create(name)
		require.NoError(t, err)
		_, err = f.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// carrierFile is an operator's file with one carrier and its list of prices.
const carrierFile = `realm: pbx.test
decks: [{id: beta, file: beta.csv, currency: EUR}]
carriers: [{id: beta, currency: EUR, deck: beta, max_calls: 5}]
`

// TestAFileIsAppliedOnce applies a zip, and the same again: it changes nothing then, and names no conflict.
func TestAFileIsAppliedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who := people()[access.Operator]
	all := console.ApplyOptions{Choice: provision.Choice{Overwrite: []string{"all"}}}
	file := console.SentFile{Content: packed(t, map[string]string{
		"shop/operator.yaml": carrierFile, "shop/beta.csv": "prefix,destination,rate\n49,Germany,0.02\n", "readme.txt": "hello",
	})}
	dry, err := h.Console.ApplyFile(t.Context(), who, file, all, true)
	require.NoError(t, err)
	require.False(t, dry.Applied)
	require.Equal(t, int64(2), dry.Revision)
	require.Equal(t, []string{"beta.csv"}, dry.Files)
	left, err := h.Setup.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1), left.Revision, "a dry run stores nothing")

	done, err := h.Console.ApplyFile(t.Context(), who, file, all, false)
	require.NoError(t, err)
	require.True(t, done.Applied)
	require.Equal(t, dry.Changes, done.Changes, "what was told is what is done")
	deck, err := h.Console.Content(t.Context(), who, provision.KindDeck, "beta")
	require.NoError(t, err)
	require.Contains(t, string(deck), "Germany")
	again, err := h.Console.ApplyFile(t.Context(), who, console.SentFile{Content: []byte(carrierFile)}, console.ApplyOptions{}, false)
	require.NoError(t, err, "the file alone: the prices are those that are stored")
	require.Empty(t, again.Changes)
	require.Equal(t, int64(2), again.Revision)
	_, err = h.Console.Thing(t.Context(), who, provision.KindTenant, "acme")
	require.NoError(t, err, "what is not in the file is kept")
}

// TestConflictsAreToldAndChosen changes a carrier in the file and by hand: nothing is applied until somebody says which one is meant.
func TestConflictsAreToldAndChosen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, c, ctx := people()[access.Operator], h.Console, t.Context()
	with := func(calls string) console.SentFile {
		return console.SentFile{Content: packed(t, map[string]string{
			"operator.yaml": strings.Replace(carrierFile, "max_calls: 5", "max_calls: "+calls, 1), "beta.csv": "prefix,destination,rate\n49,Germany,0.02\n",
		})}
	}
	_, err := c.ApplyFile(ctx, who, with("5"), console.ApplyOptions{Choice: provision.Choice{Overwrite: []string{"all"}}}, false)
	require.NoError(t, err)
	carrier, err := c.Thing(ctx, who, provision.KindCarrier, "beta")
	require.NoError(t, err)
	carrier.Document["max_calls"] = 7
	_, err = c.PutThing(ctx, who, console.Change{Kind: provision.KindCarrier, ID: "beta", Tag: carrier.Tag}, carrier.Document)
	require.NoError(t, err)

	kept, err := c.ApplyFile(ctx, who, with("5"), console.ApplyOptions{}, false)
	require.NoError(t, err)
	require.Equal(t, []string{"carrier/beta"}, kept.Kept, "the file has not changed")

	r, err := c.ApplyFile(ctx, who, with("9"), console.ApplyOptions{}, false)
	require.ErrorIs(t, err, console.ErrConflict)
	require.Len(t, r.Conflicts, 1)
	require.Equal(t, "carrier/beta", r.Conflicts[0].String())
	require.Equal(t, "user:olga", r.Conflicts[0].By)
	require.Equal(t, []provision.FieldChange{{Path: "max_calls", Before: "7", After: "9"}}, r.Conflicts[0].Fields)
	for _, one := range []struct {
		choice provision.Choice
		want   int
	}{
		{provision.Choice{Keep: []string{"carrier/beta"}}, 7},
		{provision.Choice{Overwrite: []string{"carrier/beta"}}, 9},
	} {
		_, err := c.ApplyFile(ctx, who, with("9"), console.ApplyOptions{Choice: one.choice}, false)
		require.NoError(t, err)
		carrier, err := c.Thing(ctx, who, provision.KindCarrier, "beta")
		require.NoError(t, err)
		require.Equal(t, one.want, carrier.Document["max_calls"])
	}
}

// TestFaultsOfAFileAreNamed tells what is wrong with what was sent, with the line and the field, and changes nothing.
func TestFaultsOfAFileAreNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who := people()[access.Operator]
	for name, one := range map[string]struct {
		sent console.SentFile
		want string
	}{
		"no YAML":              {console.SentFile{Content: []byte("realm: [")}, "file:"},
		"an unknown field":     {console.SentFile{Content: []byte("realm: a.test\nsecret_sauce: 1\n")}, "secret_sauce"},
		"no realm":             {console.SentFile{Content: []byte("name: Us\n")}, "realm"},
		"a missing list":       {console.SentFile{Content: []byte(carrierFile)}, "it was not sent, and is not stored"},
		"no file in the zip":   {console.SentFile{Content: packed(t, map[string]string{"a.txt": "a"})}, "has 0 files named"},
		"two files in the zip": {console.SentFile{Content: packed(t, map[string]string{"a/operator.yaml": smallFile, "b/operator.yaml": smallFile})}, "has 2 files named"},
		"half a zip":           {console.SentFile{Content: packed(t, map[string]string{"operator.yaml": smallFile})[:40]}, "the zip cannot be read"},
		"climbing out":         {console.SentFile{Content: []byte("realm: a.test\ndecks: [{id: x, file: ../../etc/passwd, currency: EUR}]\n")}, "decks[0].file"},
	} {
		_, err := h.Console.ApplyFile(t.Context(), who, one.sent, console.ApplyOptions{}, false)
		require.ErrorIs(t, err, console.ErrInvalid, name)
		require.ErrorContains(t, err, one.want, name)
	}
	left, err := h.Setup.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1), left.Revision)
}
