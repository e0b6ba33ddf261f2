package smdr_test

import (
	"strings"
	"testing"
	"time"

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
	}
}

// Times and durations as systems write them: hours of one digit, a fraction behind whole seconds (3CX), "p" for the afternoon.
func TestFormsOfTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ start, form, duration, want string }{
		{"1.2.2026 9:05:02", "DD.MM.YYYY HH:mm:ss", "00:00:15.65", "2026-02-01T09:05:02Z 15.65s"},
		{"11.12.2026 19:05:02", "DD.MM.YYYY HH:mm:ss", "1:00:15", "2026-12-11T19:05:02Z 1h0m15s"},
		{"02/01/26 11:42p", "MM/DD/YY hh:mmAM", "02'03", "2026-02-01T23:42:00Z 2m3s"},
		{"02/01/26 1:04PM", "MM/DD/YY hh:mmAM", "00:02'03", "2026-02-01T13:04:00Z 2m3s"},
		{"02/01/26 1:4PM", "MM/DD/YY hh:mmAM", "00:02'03", ""},
		{"1.2.2026 9:05:02", "DD.MM.YYYY HH:mm:ss", "00:00:15.", ""},
		{"1.2.2026 9:05:02", "DD.MM.YYYY HH:mm:ss", "1:00:00:15", ""},
	} {
		f, err := smdr.Read(strings.NewReader("name: mine\nlayout: {kind: delimited, separator: \";\"}\nfields: {start: 1, duration: 2, from: 3, to: 4}\n" +
			"forms: {start: \"" + c.form + "\", duration: hms}\n"))
		require.NoError(t, err)
		text := run(t, f, smdr.Options{Zone: time.UTC}, []byte(c.start+";"+c.duration+";101;102\n"), 1000)
		if c.want == "" {
			require.Contains(t, text, "FAULT", c)
			continue
		}
		start, talk, _ := strings.Cut(c.want, " ")
		require.Contains(t, text, start, c)
		require.Contains(t, text, "talk "+talk+" ", c)
	}
}
