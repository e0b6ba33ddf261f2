package rating

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestZoneIsThatOfTheLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	first := time.Date(zoneFirstYear, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	last := time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	for _, name := range []string{
		"UTC", "Europe/Berlin", "Europe/Moscow", "Africa/Casablanca", "Africa/Cairo", "Asia/Gaza", "America/Caracas", "Australia/Lord_Howe",
	} {
		loc, err := time.LoadLocation(name)
		require.NoError(t, err)
		z := newZone(loc)
		for range 20_000 {
			at := first + random.Int64N(last-first)
			got, until := z.offset(at)
			require.Equal(t, offsetIn(loc, at), got, "%s at %d", name, at)
			require.Greater(t, until, at)
		}
	}
}

func TestBeginsIsTextual(t *testing.T) {
	for _, tc := range []struct {
		number, prefix string
		want           bool
	}{
		{"7495", "7495", true},
		{"7495", "749", true},
		{"749", "7495", false},
		{"7495", "", true},
		{"7485", "749", false},
		{"123456789012345", "12345678901234", true},
		{"777777777777777", "777777777777778", false},
	} {
		require.Equal(t, tc.want, begins(keyOf(tc.number), keyOf(tc.prefix)), "%s %s", tc.number, tc.prefix)
	}
}

func keyOf(digits string) uint64 {
	var key uint64
	for i := range len(digits) {
		key |= uint64(digits[i]-'0'+1) << (60 - 4*i)
	}
	return key
}
