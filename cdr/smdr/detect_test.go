package smdr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/cdr/smdr"
)

// The records of a format's own tests are found to be its own, or to fit others as well: none fits them better.
func TestDetectFindsTheFormat(t *testing.T) {
	t.Parallel()
	all := samples(t)
	for _, name := range smdr.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := smdr.BuiltIn(name)
			require.NoError(t, err)
			if d := f.Description().Detect; d != nil && !*d {
				return
			}
			found, tried := false, false
			for _, s := range all[name] {
				guesses, err := smdr.Detect([]byte(s), options())
				require.NoError(t, err)
				for _, g := range guesses {
					tried = true
					found = found || g.Format.Name() == name && g.Percent == guesses[0].Percent
				}
			}
			require.True(t, found || !tried, "%s", name)
		})
	}
}
