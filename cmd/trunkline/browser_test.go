//go:build browser

package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"trunkline/access"
)

// chromium starts a browser that ends with the test.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	require.NoError(t, err, "Chromium is not installed: run make test-browser")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(filepath.Join(t.TempDir(), "profile")),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en"))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // Waits until its files are closed.
		end()
	})
	require.NoError(t, chromedp.Do(ctx))
	return ctx
}

// tab is somebody at a browser of his own: nobody else's cookies are in it.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string
	dir  string // Where downloads go.

	mu    sync.Mutex
	wrong []string // What the browser complained about: scripts that were stopped, errors of ours.
	asked []string // Texts of dialogs.
	typed string   // What is typed into a dialog that asks for a word.
}

// tabTime bounds one step at a page.
const tabTime = 15 * time.Second

// tab opens a window for somebody.
func (s *site) tab(t *testing.T, chrome context.Context) *tab {
	t.Helper()
	ctx, end := chromedp.NewContext(chrome, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	w := &tab{t: t, ctx: ctx, base: "http://" + s.http, dir: t.TempDir()}
	require.NoError(t, chromedp.Listen(ctx, w.heard))
	_, err := chromedp.CallBrowser(ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: w.dir, BrowserContextID: chromedp.FromContext(ctx).BrowserContextID,
	})
	require.NoError(t, err)
	w.size(1440, 900)
	return w
}

// heard notes what the browser tells. Dialogs are answered with yes.
func (w *tab) heard(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *page.EventJavascriptDialogOpening:
		w.asked = append(w.asked, e.Message)
		answer := page.HandleJavaScriptDialogParams{Accept: true, PromptText: w.typed}
		go func() { _, _ = chromedp.Call(w.ctx, page.HandleJavaScriptDialog, answer) }()
	case *cdplog.EventEntryAdded:
		if e.Entry.Source != cdplog.EntrySourceNetwork && e.Entry.Level == cdplog.EntryLevelError { // Answers that are no 200 stand there, too.
			w.wrong = append(w.wrong, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		w.wrong = append(w.wrong, thrown(e.ExceptionDetails))
	}
}

// thrown says what was thrown, and where.
func thrown(d *runtime.ExceptionDetails) string {
	text := fmt.Sprintf("%s (%s:%d:%d)", d.Text, d.URL, d.LineNumber+1, d.ColumnNumber+1)
	if d.Exception != nil {
		text += ": " + d.Exception.Description
	}
	return text
}

// quiet fails the test when the browser complained, or when a script of somebody else asked "xss".
func (w *tab) quiet() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	require.Empty(w.t, w.wrong)
	for _, text := range w.asked {
		require.NotContains(w.t, text, "xss")
	}
}

func step[T any](w *tab, a chromedp.Action[T]) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, tabTime)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	require.NoError(w.t, err, "at %s", w.at())
	return v
}

// at is the address that is open.
func (w *tab) at() string {
	ctx, cancel := context.WithTimeout(w.ctx, tabTime)
	defer cancel()
	where, _ := chromedp.Run(ctx, chromedp.Location())
	return strings.TrimPrefix(where, w.base)
}

// open goes to an address and returns the status of the page.
func (w *tab) open(path string) int {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, tabTime)
	defer cancel()
	res, err := chromedp.RunResponse(ctx, chromedp.Navigate(w.base+path))
	require.NoError(w.t, err, path)
	return int(res.Status)
}

// see opens a page that is to be there.
func (w *tab) see(path string) {
	w.t.Helper()
	require.Equal(w.t, http.StatusOK, w.open(path), path)
}

// press clicks a button or a link by its words, waits for the page that comes, and returns its status.
func (w *tab) press(words string) int {
	w.t.Helper()
	path := `(//main//*[self::button or self::a][normalize-space()="` + words + `"])[1]`
	ctx, cancel := context.WithTimeout(w.ctx, tabTime)
	defer cancel()
	res, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.Search(path)))
	require.NoError(w.t, err, "%s at %s: %s", words, w.at(), w.text("main"))
	return int(res.Status)
}

// follow does something that leads to another page, and returns its status.
func (w *tab) follow(a chromedp.Action[any]) int {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, tabTime)
	defer cancel()
	res, err := chromedp.RunResponse(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := a(ctx, t)
		return err
	}))
	require.NoError(w.t, err, "at %s", w.at())
	return int(res.Status)
}

// done presses a button that does something, and fails unless it is said to be done.
func (w *tab) done(words string) {
	w.t.Helper()
	require.Equal(w.t, http.StatusOK, w.press(words), "%s: %s", words, w.text("main"))
	require.NotEmpty(w.t, w.text(".notice"), "%s: %s", words, w.text("main"))
}

// fill types into fields: name, value, name, value.
func (w *tab) fill(fields ...string) {
	w.t.Helper()
	for i := 0; i+1 < len(fields); i += 2 {
		field := chromedp.CSS(`main [name="` + fields[i] + `"]:not([type=hidden])`)
		step(w, chromedp.SetValue(field, fields[i+1]))
		require.Equal(w.t, fields[i+1], step(w, chromedp.Value(field)), fields[i])
	}
}

// text is what stands in the first element of a kind; empty: there is none.
func (w *tab) text(css string) string {
	w.t.Helper()
	return step(w, chromedp.Evaluate[string](`document.querySelector(`+quoted(css)+`)?.innerText ?? ""`))
}

// texts is what stands in all elements of a kind.
func (w *tab) texts(css string) []string {
	w.t.Helper()
	return step(w, chromedp.Evaluate[[]string](`[...document.querySelectorAll(`+quoted(css)+`)].map((e) => e.innerText.trim())`))
}

func quoted(text string) string { return "`" + strings.ReplaceAll(text, "`", "") + "`" }

// fetched clicks what sends a file, and returns the file.
func (w *tab) fetched(words string) []byte {
	w.t.Helper()
	before, err := os.ReadDir(w.dir)
	require.NoError(w.t, err)
	step(w, chromedp.Click(chromedp.Search(`(//main//a[normalize-space()="`+words+`"])[1]`)))
	var content []byte
	require.Eventually(w.t, func() bool {
		files, err := os.ReadDir(w.dir)
		if err != nil || len(files) != len(before)+1 {
			return false
		}
		for _, f := range files {
			if strings.HasSuffix(f.Name(), ".crdownload") || strings.HasPrefix(f.Name(), ".") {
				return false
			}
		}
		name := newest(w.t, w.dir)
		content, err = os.ReadFile(name)
		return err == nil && len(content) > 0 && os.Remove(name) == nil
	}, tabTime, 50*time.Millisecond, "a file comes from %s", words)
	return content
}

func newest(t *testing.T, dir string) (name string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	var last time.Time
	for _, f := range files {
		if info, err := f.Info(); err == nil && !info.ModTime().Before(last) {
			last, name = info.ModTime(), filepath.Join(dir, f.Name())
		}
	}
	return name
}

func (w *tab) size(width, height int64) {
	w.t.Helper()
	step(w, chromedp.EmulateViewport(width, height))
}

// theme is what the person's system prefers: light or dark.
func (w *tab) theme(name string) {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	require.NoError(w.t, err)
}

// signIn signs somebody in.
func (w *tab) signIn(login, secret string) {
	w.t.Helper()
	w.see("/sign-in")
	w.fill("login", login, "password", secret)
	require.Equal(w.t, http.StatusOK, w.press("Sign in"), w.text("main"))
	require.NotContains(w.t, w.at(), "/sign-in")
}

// as makes a user and signs him in, by the link that he is sent.
func (s *site) as(t *testing.T, chrome context.Context, u access.User) *tab {
	t.Helper()
	made := s.door(t).do(http.MethodPost, "/users", map[string]string{"login": u.Login, "role": string(u.Role), "tenant": u.Tenant, "branch": u.Branch})
	require.Equal(t, http.StatusOK, made.status, "%s", made.body)
	var welcome struct{ Link string }
	made.json(t, &welcome)
	w := s.tab(t, chrome)
	w.see(strings.TrimPrefix(welcome.Link, w.base))
	w.fill("password", password, "again", password)
	require.Equal(t, http.StatusOK, w.press("Save"))
	w.signIn(u.Login, password)
	return w
}
