package e164_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/internal/e164"
)

func TestCountry(t *testing.T) {
	t.Parallel()
	c, err := e164.NewCountries()
	require.NoError(t, err)
	for number, want := range map[string]string{
		"+74951234567": "RU", "+77272123456": "KZ", "+492111234567": "DE", "+12125551234": "US", "+14165551234": "CA",
		"+18095551234": "DO", "+375291234567": "BY", "+442071234567": "GB", "+870123456789": "001",
	} {
		require.Equal(t, want, c.Of(e164.MustParse(number)), number)
	}
	require.Empty(t, c.Of(e164.Number{}))
}
