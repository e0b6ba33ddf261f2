package rating_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/internal/e164"
	"trunkline/rating"
)

// TestIndexAgainstASearchOfAll compares the index with trying every prefix.
func TestIndexAgainstASearchOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefixes := rapid.SliceOfNDistinct(rapid.StringMatching("[1-37]{0,6}"), 0, 200, rapid.ID[string]).Draw(t, "prefixes")
		slices.Sort(prefixes)
		keys := make([]uint64, 0, len(prefixes))
		for _, p := range prefixes {
			keys = append(keys, e164.MustParsePrefix(p).Key())
		}
		index, err := rating.NewPrefixIndex(keys)
		require.NoError(t, err)
		number := rapid.StringMatching("[1-37]{1,9}").Draw(t, "number")
		best := -1
		for i, p := range prefixes {
			if strings.HasPrefix(number, p) && (best < 0 || len(p) > len(prefixes[best])) {
				best = i
			}
		}
		require.Equal(t, best, index.Find(e164.MustParse(number).Key()))
		if best >= 0 {
			require.Equal(t, len(prefixes[best]), rating.KeyDigits(index.Key(best)))
		}
	})
}

func TestIndexRefusesDisorder(t *testing.T) {
	_, err := rating.NewPrefixIndex([]uint64{2, 1})
	require.ErrorIs(t, err, rating.ErrIndex)
	_, err = rating.NewPrefixIndex([]uint64{1, 1})
	require.ErrorIs(t, err, rating.ErrIndex)
}
