//go:build browser

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"trunkline/access"
)

// TestPagesImportsAreReadAnew: an operator sees that an import was read by another format than that of now, has it read anew, and
// takes it back.
func TestPagesImportsAreReadAnew(t *testing.T) {
	s, _, _ := house(t)
	s.provisionPBX()
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	path := filepath.Join(s.dir, "smdr-with-a-long-name-of-the-main-building-2026-11.log")
	require.NoError(t, os.WriteFile(path, []byte(swapped), 0o600))
	s.run("import", "file", "--tenant", "acme", "--pbx", "old", path)
	s.months(3, 0)
	s.change("format: panasonic-tda-c,", "format: panasonic-tda-c-dmy, prefix: \"9\",")
	s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml"))
	w := s.as(t, chromium(t), access.User{Login: "oleg", Role: access.Operator})
	dir := t.ArtifactDir()
	picture := func(name string) {
		for _, width := range []int64{1440, 390} {
			w.size(width, 900)
			wide := step(w, chromedp.Evaluate[int](`document.documentElement.scrollWidth - innerWidth`))
			require.LessOrEqual(t, wide, 0, "%s is wider than a window of %d", name, width)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name+"-"+strconv.FormatInt(width, 10)+".png"), step(w, chromedp.FullScreenshot(100)), 0o600))
		}
		w.size(1440, 900)
	}
	require.Eventually(t, func() bool {
		require.Equal(t, http.StatusOK, w.open("/imports"))
		return len(w.texts("main tbody tr code")) == 2
	}, 20*time.Second, 200*time.Millisecond, "what is applied is in force soon")
	require.Equal(t, []string{"format", "prefix"}, w.texts("main tbody tr code"))
	picture("imports")
	act := func(words string) {
		step(w, chromedp.Click(chromedp.CSS(`main tbody input[type=checkbox]`)))
		w.fill("reason", "day before month")
		require.Equal(t, http.StatusOK, w.press(words))
		require.Regexp(t, "^/jobs/", w.at())
		require.Eventually(t, func() bool { return w.text("main .chip") == "done" }, 30*time.Second, 100*time.Millisecond)
	}
	act("Read the chosen anew")
	picture("job")
	s.months(0, 4)
	w.see("/imports")
	require.Contains(t, w.texts("main tbody td"), "taken back")
	picture("anew")
	act("Take the chosen back")
	s.months(0, 0)
	w.see("/audit")
	require.Contains(t, w.text("main table"), "start import")
	w.quiet()
}
