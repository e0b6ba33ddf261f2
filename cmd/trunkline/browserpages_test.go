//go:build browser

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"trunkline/access"
)

// finding is something that axe found.
type finding struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Nodes  []string `json:"nodes"`
}

const axeRun = `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map((v) => ({id: v.id, impact: v.impact, help: v.help,
	nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + " " + (n.any[0]?.message ?? ""))})))`

// TestPagesLookRight opens every page wide and narrow, light and dark: none is wider than its window, none has a
// serious fault for those who do not see or use a mouse, and pictures of all are kept.
func TestPagesLookRight(t *testing.T) {
	s, local, _ := house(t)
	axe, err := os.ReadFile(filepath.Join("..", "..", "node_modules", "axe-core", "axe.min.js"))
	require.NoError(t, err)
	call := callOf(t, local, "acme")
	chrome := chromium(t)
	dir := t.ArtifactDir()
	t.Logf("pictures of the pages are in %s", dir)
	look := func(w *tab, who string, list map[string]at) {
		for _, theme := range []string{"light", "dark"} {
			w.theme(theme)
			for address := range list {
				file, _, _ := strings.Cut(address, "?")
				if strings.Contains(address, "/file") || strings.HasSuffix(file, ".csv") || strings.HasSuffix(file, ".xlsx") {
					continue
				}
				path := strings.ReplaceAll(address, "{call}", call)
				for _, width := range []int64{1440, 390} {
					w.size(width, 900)
					if !looked(w, path) {
						continue
					}
					wide := step(w, chromedp.Evaluate[int](`document.documentElement.scrollWidth - innerWidth`))
					if wide > 0 {
						t.Errorf("%s for %s is %d pixels wider than a window of %d", path, who, wide, width)
					}
					picture := step(w, chromedp.FullScreenshot(100))
					name := who + strings.NewReplacer("/", "_", "?", "_", "&", "_", "=", "-", call, "call").Replace(path) + "-" + strconv.FormatInt(width, 10) + "-" + theme + ".png"
					require.NoError(t, os.WriteFile(filepath.Join(dir, name), picture, 0o600))
				}
				step(w, chromedp.Evaluate[any](string(axe)+"; null"))
				for _, f := range step(w, chromedp.Evaluate[[]finding](axeRun, chromedp.EvalAwaitPromise)) {
					if f.Impact == "serious" || f.Impact == "critical" {
						t.Errorf("%s for %s, %s: %s (%s): %s", path, who, theme, f.Help, f.ID, strings.Join(f.Nodes, "\n\t"))
					}
				}
			}
		}
		w.quiet()
	}
	door := s.tab(t, chrome)
	look(door, "nobody", map[string]at{"/sign-in": {}, "/welcome/none": {}})
	w := s.tab(t, chrome)
	w.signIn("olga", password)
	look(w, "operator", everyPage())
	mine := make(map[string]at)
	for address, p := range everyPage() {
		if access.Manager.May(p.need) && !p.staff && p.whose == "" {
			mine[address] = p
		}
	}
	mine["/employees"] = at{}
	m := s.tab(t, chrome)
	m.signIn("max", password)
	look(m, "manager", mine)
}

// looked opens a page and waits until its charts are drawn.
func looked(w *tab, path string) bool {
	w.t.Helper()
	status := w.open(path)
	if status >= http.StatusInternalServerError {
		w.t.Errorf("%s: %d", path, status)
		return false
	}
	step(w, chromedp.Poll[any](`[...document.querySelectorAll("[data-chart]")].every((e) => e.querySelector("svg"))`))
	return true
}
