package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/console"
	"trunkline/rating/deckfile"
)

// TestListThatBeginsLater ends what it does not name when its prices begin, and not at once.
func TestListThatBeginsLater(t *testing.T) {
	t.Parallel()
	old, _, err := deckfile.Load(t.Context(), strings.NewReader("Prefix,Name,Rate\n33,FR,0.01\n44,UK,0.01\n"), nil, deckfile.Options{})
	require.NoError(t, err)
	list, report, err := deckfile.Load(t.Context(), strings.NewReader("Valid from 24.12.2026,,\n,,\nPrefix,Name,Rate\n44,UK,0.02\n"), nil, deckfile.Options{})
	require.NoError(t, err)
	prices := &console.PriceFile{ID: "one", Deck: old}
	next, err := prices.Next(list, report, deckfile.Plan{Mode: deckfile.Full, Effective: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	ends := make(map[string]string)
	for r := range next.Rates() {
		ends[r.Prefix.Digits()+" "+r.PerMinute.String()] = r.Till.Format(time.DateOnly)
	}
	require.Equal(t, "2026-12-24", ends["33 0.01"])
	require.Equal(t, "2026-12-24", ends["44 0.01"])
	require.Contains(t, ends, "44 0.02")
}
