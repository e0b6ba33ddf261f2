package pages

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"trunkline/access"
	"trunkline/api"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/provision"
)

// request is one request for a page.
type request struct {
	*gin.Context

	p        *Pages
	who      *access.Principal // Nil: not signed in.
	language string
}

// view is what the layout shows.
type view struct {
	Title    string
	Language string
	Theme    string // light, dark or empty: as the system is.
	Brand    Brand
	Who      *access.Principal
	Menu     []menuGroup
	Path     string
	Query    url.Values
	Notice   string
	Faults   []provision.Fault
	Form     url.Values    // What was sent.
	Views    []access.View // That somebody keeps of this page.
	Data     any
}

// Wrong is what is wrong with a field of a form; empty: nothing.
func (v view) Wrong(field string) string {
	for _, f := range v.Faults {
		if f.Field == field {
			return f.Problem
		}
	}
	return ""
}

// serve wraps a handler: who is there, in what language, and what to show when it fails.
func (p *Pages) serve(h handler, inside bool, limit int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		r := &request{Context: c, p: p}
		who, err := p.server.Authenticate(c)
		switch {
		case err == nil:
			r.who = who
			p.server.WithPrincipal(c, who)
		case !errors.Is(err, access.ErrNoSession):
			r.language = r.choose()
			r.trouble(err)
			return
		}
		r.language = r.choose()
		if inside && r.who == nil {
			r.toSignIn()
			return
		}
		err = r.readForm(limit)
		if err == nil {
			err = h(r)
		}
		if err != nil {
			r.trouble(err)
		}
	}
}

const (
	bodyMost   = 1 << 20
	formMemory = 1 << 20          // Of files that are sent, the rest is on the disk meanwhile.
	fileTime   = 10 * time.Minute // For files that are sent over a slow line.
)

var errForm = errors.New("the form cannot be read")

// readForm reads the form that was sent before anything is done with it, so that one that is too large or cut off does nothing.
func (r *request) readForm(limit int64) error {
	if r.Request.Method != http.MethodPost {
		return nil
	}
	if limit > bodyMost && r.who != nil {
		until := clock.System{}.Now().Add(fileTime) // Sockets know no other.
		control := http.NewResponseController(r.Writer)
		if err := errors.Join(control.SetReadDeadline(until), control.SetWriteDeadline(until)); err != nil {
			return fmt.Errorf("the time of a file that is sent: %w", err)
		}
	}
	api.Bound(r.Context, limit)
	err := r.Request.ParseForm()
	if err == nil && r.ContentType() == "multipart/form-data" {
		err = r.Request.ParseMultipartForm(formMemory)
	}
	var large *http.MaxBytesError
	if err == nil || errors.As(err, &large) {
		return err
	}
	return fmt.Errorf("%w: %w: %w", console.ErrInvalid, errForm, err)
}

// brand is how the pages look for who is here.
func (r *request) brand() Brand {
	tenant := ""
	if r.who != nil {
		tenant = r.who.Tenant
	}
	return r.p.o.Brand(r.Request.Host, tenant)
}

// toSignIn sends somebody to the sign-in, and back afterwards.
func (r *request) toSignIn() {
	to := "/sign-in"
	if r.Request.Method == http.MethodGet && r.Request.URL.Path != "/" {
		to += "?to=" + url.QueryEscape(r.Request.URL.RequestURI())
	}
	r.Redirect(http.StatusSeeOther, to)
}

// choose finds the language: the person's own, the one chosen in this browser, the browser's.
func (r *request) choose() string {
	if c, err := r.Cookie("language"); err == nil && slices.Contains(access.Languages(), c) {
		return c
	}
	if r.who != nil && r.who.Language != "" {
		return r.who.Language
	}
	return accepted(r.GetHeader("Accept-Language"))
}

// t translates; the English text is the key.
func (r *request) t(text string, args ...any) string { return r.p.words[r.language].t(text, args...) }

// show shows a page.
func (r *request) show(name, title string, data any) error {
	return r.answer(http.StatusOK, name, title, data, nil)
}

// again shows a form again with what is wrong with it, or returns the error when it is nothing that a user can mend.
func (r *request) again(name, title string, data any, err error) error {
	faults := faultsOf(err)
	if faults == nil {
		return err
	}
	return r.answer(http.StatusUnprocessableEntity, name, title, data, faults)
}

// fieldSigns are what the name of a field is made of, where an error begins with one.
const fieldSigns = "abcdefghijklmnopqrstuvwxyz_"

// faultsOf are what a user can mend; nil: nothing.
func faultsOf(err error) []provision.Fault {
	var list *console.FaultsError
	switch {
	case errors.As(err, &list):
		return list.Faults
	case errors.Is(err, console.ErrInvalid), errors.Is(err, console.ErrConflict), errors.Is(err, access.ErrPassword),
		errors.Is(err, access.ErrCredentials), errors.Is(err, access.ErrLocked), errors.Is(err, access.ErrCode):
		text := err.Error()
		for _, kind := range []error{console.ErrInvalid, console.ErrConflict} {
			text = strings.TrimPrefix(strings.TrimPrefix(text, kind.Error()+": "), kind.Error()+"\n")
		}
		if field, problem, ok := strings.Cut(text, ": "); ok && strings.Trim(field, fieldSigns) == "" {
			return []provision.Fault{{Field: field, Problem: problem}}
		}
		return []provision.Fault{{Problem: text}}
	}
	return nil
}

// act does what a form asks and goes on, or shows its page again with what is wrong. Again reads what the page shows.
func (r *request) act(name, title, to string, do func() error, again func() (any, error)) error {
	err := do()
	if err == nil {
		return r.to(to, "done")
	}
	if faultsOf(err) == nil {
		return err
	}
	data, failure := again()
	if failure != nil {
		return failure
	}
	return r.again(name, title, data, err)
}

func (r *request) answer(status int, name, title string, data any, faults []provision.Fault) error {
	v := view{
		Title: r.t(title), Language: r.language, Brand: r.brand(), Who: r.who, Menu: menu(r.who, r.Request.URL.Path),
		Path: r.Request.URL.Path, Query: r.Request.URL.Query(), Faults: faults, Form: r.Request.PostForm, Data: data,
	}
	if theme, err := r.Cookie("theme"); err == nil && (theme == "light" || theme == "dark") {
		v.Theme = theme
	}
	if notice := r.Query("notice"); notice != "" {
		v.Notice = r.p.words[r.language].notice(notice)
		v.Query.Del("notice")
	}
	if r.who != nil && (v.Path == "/calls" || v.Path == "/statistics") {
		var err error
		if v.Views, err = r.p.o.Console.Views(r.Request.Context(), r.who, v.Path); err != nil {
			return err
		}
	}
	block := "layout"
	if r.GetHeader("HX-Request") == "true" && r.GetHeader("HX-Target") != "" {
		block = r.GetHeader("HX-Target") // A part of a page has the name of the element that it stands in.
	}
	set := r.p.sets[r.language][name]
	if set.Lookup(block) == nil {
		block = "layout"
	}
	var b bytes.Buffer
	if err := set.ExecuteTemplate(&b, block, v); err != nil {
		return err
	}
	return r.p.packer.send(r.Context, status, b.Bytes())
}

// to sends the browser on after something was done, with a notice that it was.
func (r *request) to(address, notice string) error {
	if notice != "" {
		join := "?"
		if strings.Contains(address, "?") {
			join = "&"
		}
		address += join + "notice=" + url.QueryEscape(notice)
	}
	r.Redirect(http.StatusSeeOther, address)
	return nil
}

// trouble shows that something went wrong, and what to do about it.
func (r *request) trouble(err error) {
	status, text, help := http.StatusServiceUnavailable, "This cannot be done at the moment.", "Try again in a minute. What you did is either done or not done at all."
	detail := ""
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		status, text, help = http.StatusRequestEntityTooLarge, "This is too large.", "Send less at a time."
		detail = r.t("At most %d bytes are taken here.", large.Limit)
	case errors.Is(err, console.ErrForbidden):
		status, text, help = http.StatusForbidden, "You may not see this.", "Ask somebody who may give you the permission."
	case errors.Is(err, console.ErrNotFound):
		status, text, help = http.StatusNotFound, "Page not found", "It may have been taken away, or the address is wrong."
		detail = strings.TrimPrefix(err.Error(), console.ErrNotFound.Error()+": ")
	case errors.Is(err, console.ErrInvalid), errors.Is(err, console.ErrConflict):
		status, text, help = http.StatusUnprocessableEntity, "This is not possible.", "Go back, correct it, and try again."
		if f := faultsOf(err); len(f) > 0 {
			detail = f[0].Problem
		}
	case errors.Is(err, console.ErrTooMuch):
		status, text, help = http.StatusTooManyRequests, "Too much is being done already.", "Wait until your other jobs are over, or stop one."
	case errors.Is(err, access.ErrLocked):
		status, text, help = http.StatusTooManyRequests, "Too many tries.", "Wait a quarter of an hour, or ask somebody who may reset your password."
	default:
		r.p.o.Log.ErrorContext(r.Request.Context(), "a page could not be shown", "path", r.FullPath(), "error", err)
	}
	if r.Writer.Written() {
		return
	}
	data := map[string]string{"Text": r.t(text), "Help": r.t(help), "Detail": detail}
	if err := r.answer(status, "trouble", text, data, nil); err != nil {
		r.p.o.Log.ErrorContext(r.Request.Context(), "the page of errors could not be shown", "error", err)
		r.Status(http.StatusInternalServerError)
	}
}

// source is the address that the request comes from.
func (r *request) source() string { return api.Source(r.Request) }
