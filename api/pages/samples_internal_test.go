package pages

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// TestSamplesAreValid reads what the first steps offer as the beginning of a file.
func TestSamplesAreValid(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, k := range kinds() {
		switch k.kind { //nolint:exhaustive // Others have no files.
		case provision.KindTariff:
			_, err := rating.ParseTariff("sample.yaml", []byte(k.Sample), nil)
			require.NoError(t, err)
			seen++
		case provision.KindDeck:
			deck, report, err := deckfile.Load(t.Context(), strings.NewReader(k.Sample), nil, deckfile.Options{})
			require.NoError(t, err)
			require.NoError(t, report.Err())
			require.Equal(t, 1, deck.Len())
			seen++
		}
	}
	require.Equal(t, 2, seen)
}
