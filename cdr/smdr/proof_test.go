package smdr_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/cdr/smdr"
)

// row is the line of a format in the table of docs/import.md.
func row(d *smdr.Description) string {
	plain := strings.NewReplacer("|", "&#124;")
	return fmt.Sprintf("| `%s` | %s | %s | %s |", d.Name, plain.Replace(d.Title), d.Proof, plain.Replace(d.Sources[0]))
}

// Every format says what proves it and where that was found, has a golden test, and stands in the documentation with the same proof.
func TestEveryFormatHasItsProof(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../../docs/import.md")
	require.NoError(t, err)
	golden := samples(t)
	var rows strings.Builder
	missing := false
	for _, name := range smdr.Names() {
		f, err := smdr.BuiltIn(name)
		require.NoError(t, err)
		d := f.Description()
		require.Contains(t, []smdr.Proof{smdr.Field, smdr.Sample, smdr.ByLayout, smdr.Unproven}, d.Proof, name)
		require.NotEmpty(t, d.Sources, name)
		require.NotEmpty(t, golden[name], "%s has no golden test", name)
		if d.Proof == smdr.Unproven {
			require.NotNil(t, d.Detect, "%s: what is unproven takes no part in the finding out of formats", name)
			require.False(t, *d.Detect, name)
		}
		rows.WriteString(row(d) + "\n")
		missing = missing || !strings.Contains(string(docs), row(d))
	}
	require.False(t, missing, "docs/import.md, The formats, must have these rows:\n%s", rows.String())
}

func TestProofIsOneOfFour(t *testing.T) {
	t.Parallel()
	_, err := smdr.Read(strings.NewReader("name: mine\nproof: surely\nlayout: {kind: fixed}\nfields: {date: 1-8}\n"))
	require.ErrorIs(t, err, smdr.ErrDescription)
	require.ErrorContains(t, err, "use field, sample, layout or unproven")
}
