package smdr_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/cdr/smdr"
)

func TestBuiltInFormats(t *testing.T) {
	t.Parallel()
	for _, name := range smdr.Names() {
		f, err := smdr.BuiltIn(name)
		require.NoError(t, err)
		require.Equal(t, name, f.Name())
		d := f.Description()
		require.NotEmpty(t, d.Sources, name)
		require.NotEmpty(t, d.Title, name)
		require.Contains(t, []string{"yes", "partly", "no"}, d.Sure, name)
	}
}
