package pages

import (
	"bytes"
	"encoding/base64"
	"errors"
	"html/template"
	"image/png"
	"net/http"
	"strings"
	"time"

	"github.com/pquerna/otp"

	"trunkline/access"
	"trunkline/api"
	"trunkline/console"
)

// signInForm is what is asked of who signs in.
type signInForm struct {
	Login string
	Code  bool // A code is asked for, too.
	To    string
	OIDC  bool // Somebody else may vouch.
}

func (p *Pages) signIn(r *request) error {
	if r.who != nil {
		return r.to("/", "")
	}
	return r.show("sign-in", "Sign in", signInForm{To: r.Query("to"), OIDC: p.voucher != nil})
}

func (p *Pages) trySignIn(r *request) error {
	form := signInForm{Login: strings.ToLower(strings.TrimSpace(r.PostForm("login"))), To: r.PostForm("to"), OIDC: p.voucher != nil}
	token, who, err := p.o.Gate.SignIn(r.Request.Context(), access.Credentials{
		Login: form.Login, Password: r.PostForm("password"), Code: strings.ReplaceAll(r.PostForm("code"), " ", ""),
		Source: r.source(), Agent: r.Request.UserAgent(),
	})
	if err != nil {
		form.Code = errors.Is(err, access.ErrCode) || r.PostForm("code") != ""
		return r.again("sign-in", "Sign in", form, err)
	}
	p.server.SetSession(r.Writer, token)
	r.who = who
	return r.to(home(form.To), "")
}

// home is where somebody goes after signing in: only to a page of ours.
func home(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, "/\\") {
		return "/"
	}
	return to
}

// forgotView is the page of who forgot their password.
type forgotView struct {
	Login    string
	Told     bool // It was asked for.
	Possible bool // Mail can go out.
}

func (p *Pages) forgot(r *request) error {
	return r.show("forgot", "Forgot your password?", forgotView{Possible: p.o.Console.CanMail()})
}

func (p *Pages) mailReset(r *request) error {
	v := forgotView{Login: strings.ToLower(strings.TrimSpace(r.PostForm("login"))), Possible: p.o.Console.CanMail()}
	if err := p.o.Console.Forgot(r.Request.Context(), v.Login, r.source()); err != nil {
		return err
	}
	v.Told = true
	return r.show("forgot", "Forgot your password?", v)
}

func (p *Pages) welcome(r *request) error {
	login, err := p.o.Gate.LinkOf(r.Request.Context(), r.Param("token"))
	if errors.Is(err, access.ErrNotFound) {
		return r.answer(http.StatusNotFound, "welcome", "Choose a password", nil, nil)
	}
	if err != nil {
		return err
	}
	return r.show("welcome", "Choose a password", login)
}

func (p *Pages) choosePassword(r *request) error {
	login, err := p.o.Gate.LinkOf(r.Request.Context(), r.Param("token"))
	if err == nil && r.PostForm("password") != r.PostForm("again") {
		err = errors.Join(access.ErrPassword, errors.New(r.t("the two are not the same")))
	}
	if err == nil {
		_, err = p.o.Gate.Redeem(r.Request.Context(), r.Param("token"), r.PostForm("password"))
	}
	if errors.Is(err, access.ErrNotFound) {
		return r.answer(http.StatusNotFound, "welcome", "Choose a password", nil, nil)
	}
	if err != nil {
		return r.again("welcome", "Choose a password", login, err)
	}
	return r.to("/sign-in", "password")
}

// docsView is the description of the API.
type docsView struct {
	About      []string
	Operations []api.Operation
	Schemas    []api.Schema
}

// docs shows the description of the API to whoever writes a program.
func (p *Pages) docs(r *request) error {
	about, operations, schemas := p.server.Described()
	return r.show("docs", "API", docsView{strings.Split(about, "\n\n"), operations, schemas})
}

// ownRoutes are the pages about oneself.
func (p *Pages) ownRoutes() map[string]handler {
	return map[string]handler{
		"GET /me": p.me, "POST /me/password": p.ownPassword, "POST /me/factor": p.beginFactor, "POST /me/factor/confirm": p.confirmFactor,
		"POST /me/factor/drop": p.dropFactor, "POST /me/keys": p.addKey, "POST /me/keys/:key/revoke": p.revokeKey,
		"POST /views": p.saveView, "POST /sign-out": p.signOut, "POST /look": p.look,
	}
}

// meView is the page about oneself.
type meView struct {
	User    access.User
	Keys    []access.Key
	Scopes  []access.Permission
	Secret  string // Of a key that was just made.
	Factor  string // Secret of a second factor that was begun.
	Picture template.URL
}

func (p *Pages) meView(r *request) (v meView, err error) {
	if v.User, err = p.o.Gate.User(r.Request.Context(), r.who.User); err != nil {
		return v, err
	}
	if v.Keys, err = p.o.Console.Keys(r.Request.Context(), r.who, false); err != nil {
		return v, err
	}
	for _, s := range access.Permissions() {
		if r.who.May(s) {
			v.Scopes = append(v.Scopes, s)
		}
	}
	return v, nil
}

func (p *Pages) me(r *request) error {
	v, err := p.meView(r)
	if err != nil {
		return err
	}
	return r.show("me", "Access", v)
}

// showMe shows the page about oneself again after something of it was tried.
func (p *Pages) showMe(r *request, change func(*meView), failure error) error {
	v, err := p.meView(r)
	if err != nil {
		return err
	}
	if failure != nil {
		return r.again("me", "Access", v, failure)
	}
	change(&v)
	return r.show("me", "Access", v)
}

func (p *Pages) ownPassword(r *request) error {
	err := p.o.Console.ChangePassword(r.Request.Context(), r.who, r.PostForm("former"), r.PostForm("password"))
	if err != nil {
		return p.showMe(r, nil, err)
	}
	return r.to("/me", "password")
}

func (p *Pages) beginFactor(r *request) error {
	f, err := p.o.Console.BeginFactor(r.Request.Context(), r.who)
	if err != nil {
		return p.showMe(r, nil, err)
	}
	picture, err := picture(f.URL)
	if err != nil {
		return err
	}
	return p.showMe(r, func(v *meView) { v.Factor, v.Picture = f.Secret, picture }, nil)
}

// picture is the square that an app reads a second factor from.
func picture(address string) (template.URL, error) {
	key, err := otp.NewKeyFromURL(address)
	if err != nil {
		return "", err
	}
	const side = 240
	image, err := key.Image(side, side)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image); err != nil {
		return "", err
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes())), nil //nolint:gosec // Made here, of base64 alone.
}

func (p *Pages) confirmFactor(r *request) error {
	if err := p.o.Console.ConfirmFactor(r.Request.Context(), r.who, strings.ReplaceAll(r.PostForm("code"), " ", "")); err != nil {
		return p.showMe(r, nil, err)
	}
	return r.to("/me", "factor")
}

func (p *Pages) dropFactor(r *request) error {
	if err := p.o.Console.DropFactor(r.Request.Context(), r.who, r.PostForm("password")); err != nil {
		return p.showMe(r, nil, err)
	}
	return r.to("/me", "factor-off")
}

func (p *Pages) addKey(r *request) error {
	var scopes []access.Permission
	for _, s := range r.PostFormArray("scope") {
		scopes = append(scopes, access.Permission(s))
	}
	var till time.Time
	if text := r.PostForm("till"); text != "" {
		var err error
		if till, err = time.Parse(time.DateOnly, text); err != nil {
			return p.showMe(r, nil, errors.Join(console.ErrInvalid, err))
		}
	}
	secret, _, err := p.o.Console.AddKey(r.Request.Context(), r.who, r.PostForm("name"), scopes, till)
	if err != nil {
		return p.showMe(r, nil, err)
	}
	return p.showMe(r, func(v *meView) { v.Secret = secret }, nil)
}

func (p *Pages) revokeKey(r *request) error {
	if err := p.o.Console.RevokeKey(r.Request.Context(), r.who, r.Param("key")); err != nil {
		return err
	}
	return r.to("/me", "revoked")
}

func (p *Pages) signOut(r *request) error {
	p.server.SetSession(r.Writer, "")
	if r.who.Session != "" {
		if err := p.o.Gate.SignOut(r.Request.Context(), r.who); err != nil {
			return err
		}
	}
	return r.to("/sign-in", "signed-out")
}

const lookLast = 365 * 24 * 3600 // Seconds.

// saveView keeps a page with its filters under a name.
func (p *Pages) saveView(r *request) error {
	v := access.View{Page: r.PostForm("page"), Name: r.PostForm("name"), Query: r.PostForm("query")}
	if err := p.o.Console.SaveView(r.Request.Context(), r.who, v); err != nil {
		return err
	}
	if v.Query == "" {
		return r.to(home(v.Page), "deleted")
	}
	return r.to(home(v.Page+"?"+v.Query), "saved")
}

// look keeps the language and the theme that somebody chose in this browser.
func (p *Pages) look(r *request) error {
	for _, name := range []string{"language", "theme"} {
		if v := r.PostForm(name); v != "" && len(v) <= 5 {
			http.SetCookie(r.Writer, &http.Cookie{ //nolint:gosec // It says how pages look, no more.
				Name: name, Value: v, Path: "/", MaxAge: lookLast, SameSite: http.SameSiteLaxMode, HttpOnly: true,
			})
		}
	}
	return r.to(home(r.PostForm("to")), "")
}
