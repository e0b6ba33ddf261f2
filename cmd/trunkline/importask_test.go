package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/app/pbx"
	"trunkline/cdr/smdr"
	"trunkline/provision"
)

// dayFirst is a line of a Panasonic that writes the day before the month.
func dayFirst(day string) string {
	return day + "/11/26 10:07AM 1201  0002 84959876543                                             00:00'42\n"
}

// Where a file leaves open which format is right, auto prints both readings and chooses neither.
func TestAutoAsks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "smdr.log")
	early := strings.Repeat(dayFirst("05"), 2000)
	for _, c := range []struct {
		text, want string
		code       int
	}{
		{early, "--format panasonic-tda-c or --format panasonic-tda-c-dmy", exitUsage},
		{early + dayFirst("13"), "format: panasonic-tda-c-dmy, 100 % sure, settled by the whole file", exitOK},
	} {
		require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
		for _, name := range []string{path, "-"} {
			var out, errOut bytes.Buffer
			code := run(t.Context(), []string{"import", "parse", "--format", "auto", name}, io.MultiReader(strings.NewReader(c.text)), &out, &errOut)
			require.Equal(t, c.code, code, errOut.String())
			require.Contains(t, errOut.String(), c.want)
			if code == exitOK {
				require.Contains(t, out.String(), "panasonic-tda-c-dmy,1,2026-11-05T10:06:18Z")
				continue
			}
			require.Empty(t, out.String())
			require.Contains(t, errOut.String(), "2026-05-11T10:06:18Z outbound")
			require.Contains(t, errOut.String(), "2026-11-05T10:06:18Z outbound")
		}
	}
}

func TestCharsetOfParse(t *testing.T) {
	t.Parallel()
	line := "01/13/26 10:07AM 1201  01 \xc8\xdf \xc8\xc2\xc0\xcd\xce\xc284959876543           00:01'05\n"
	parse := func(charset string) (int, string, string) {
		var out, errOut bytes.Buffer
		code := run(t.Context(), []string{"import", "parse", "--format", "panasonic-tda-a", "--charset", charset, "--out", "json", "-"}, strings.NewReader(line), &out, &errOut)
		return code, out.String(), errOut.String()
	}
	code, out, _ := parse("cp1251")
	require.Equal(t, exitOK, code)
	require.Contains(t, out, "ИЯ ИВАНОВ84959876543")
	code, _, errOut := parse("utf-8")
	require.Equal(t, exitOK, code)
	require.Contains(t, errOut, "hint: 1 records have bytes that are not UTF-8")
	code, _, errOut = parse("cp1252")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errOut, "--charset")
	b := &provision.Bundle{Operator: provision.Operator{Tenants: []provision.Tenant{{ID: "acme", PBXs: []provision.PBX{
		{ID: "a", Format: "samsung", Charset: "cp1252"}, {ID: "b", Format: "samsung", Charset: "cp866"},
	}}}}}
	err := pbx.CheckFormats(b)
	require.ErrorContains(t, err, `pbxs[0].charset: "cp1252" is no charset`)
	require.NotContains(t, err.Error(), "pbxs[1]")
}

// Files and streams with the day and month of the format's twin are refused, and others come through whole.
func TestDatesAreCheckedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	format, err := smdr.BuiltIn("panasonic-tda-c")
	require.NoError(t, err)
	source := &pbx.Source{PBX: &provision.PBX{ID: "old", Format: "panasonic-tda-c"}, Format: format, Zone: time.UTC}
	path := filepath.Join(t.TempDir(), "smdr.log")
	for text, fits := range map[string]bool{
		dayFirst("05") + dayFirst("13"): false, dayFirst("05") + dayFirst("06"): true,
		strings.Repeat(dayFirst("05"), 30_000) + dayFirst("13"): false,
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		file, err := os.Open(path)
		require.NoError(t, err)
		defer file.Close()
		for _, in := range []io.Reader{file, io.MultiReader(strings.NewReader(text))} {
			checked, err := pbx.CheckDates(in, source, source.Options())
			if _, ok := in.(*os.File); !fits && (ok || len(text) < pbx.CheckBytes) {
				require.ErrorIs(t, err, pbx.ErrMisread)
				require.ErrorContains(t, err, "set format: panasonic-tda-c-dmy for the PBX old")
				continue
			}
			require.NoError(t, err)
			all, err := io.ReadAll(checked)
			require.NoError(t, err)
			require.Equal(t, text, string(all))
		}
	}
}
