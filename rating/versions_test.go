package rating_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/rating"
)

func version(t *testing.T, name, from, till string) *rating.Tariff {
	t.Helper()
	tariff, err := rating.NewTariff(rating.Spec{Name: "t", Version: name, Rounding: rating.DefaultRounding(), From: day(from), Till: day(till)})
	require.NoError(t, err)
	return tariff
}

func TestVersionsNeverOverlap(t *testing.T) {
	first, second := version(t, "1", "", "2026-03-01"), version(t, "2", "2026-03-01", "")
	v, err := rating.NewVersions([]*rating.Tariff{second, first})
	require.NoError(t, err)
	for at, want := range map[time.Time]*rating.Tariff{
		day("2020-01-01"):                        first,
		day("2026-03-01").Add(-time.Millisecond): first,
		day("2026-03-01"):                        second,
		day("2030-01-01"):                        second,
	} {
		got, ok := v.At(at)
		require.True(t, ok)
		require.Same(t, want, got)
	}
	_, err = rating.NewVersions([]*rating.Tariff{first, version(t, "2", "2026-02-28", "")})
	require.ErrorIs(t, err, rating.ErrTariff)
	_, err = rating.NewVersions([]*rating.Tariff{second, version(t, "3", "2027-01-01", "")})
	require.ErrorIs(t, err, rating.ErrTariff)
	gap, err := rating.NewVersions([]*rating.Tariff{second})
	require.NoError(t, err)
	_, ok := gap.At(day("2026-01-01"))
	require.False(t, ok)
}
