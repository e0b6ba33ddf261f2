package rating_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/rating"
)

func FuzzParseTariff(f *testing.F) {
	f.Add([]byte(bundlesYAML))
	files, err := filepath.Glob("../demo/tariffs/*.yaml")
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tariff, err := rating.ParseTariff("fuzz.yaml", data, nil)
		if err != nil {
			require.ErrorIs(t, err, rating.ErrTariff)
			return
		}
		c := call("74951234567", 90*time.Second)
		first, err := tariff.Price(c, nil)
		again, err2 := tariff.Price(c, nil)
		require.Equal(t, err, err2)
		require.Equal(t, first, again)
	})
}

func FuzzParseCondition(f *testing.F) {
	f.Add("inbound_minutes of number > 700 in month")
	f.Add("days >= 7 since start or talk_hours >= 5 since start and a = 1 in 3 weeks")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := rating.ParseCondition(text)
		if err != nil {
			require.ErrorIs(t, err, rating.ErrCondition)
			return
		}
		again, err := rating.ParseCondition(c.String())
		require.NoError(t, err)
		require.Equal(t, c, again)
	})
}

func FuzzParseIncrement(f *testing.F) {
	f.Add("30/6", int64(31))
	f.Add("30/18 from zero", int64(3600))
	f.Fuzz(func(t *testing.T, text string, seconds int64) {
		inc, err := rating.ParseIncrement(text)
		if err != nil || seconds < 0 || seconds > 1<<40 {
			return
		}
		back, err := rating.ParseIncrement(inc.String())
		require.NoError(t, err)
		require.Equal(t, inc, back)
		billed := inc.Billed(seconds)
		require.GreaterOrEqual(t, billed, seconds)
		require.Equal(t, billed, inc.Billed(billed))
	})
}
