package pages

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"trunkline/access"
	"trunkline/console"
)

// OIDC says by whom people may be vouched for (OpenID Connect Core 1.0). The zero value: by nobody.
type OIDC struct {
	Issuer string // Such as https://login.example.com/realms/staff.
	Client string
	Secret string
	Back   string // Our address, such as https://bill.example.com.
}

// voucher asks an issuer who somebody is. It looks for the issuer when it is first needed, so that one that is away keeps nobody
// else out.
type voucher struct {
	o OIDC

	mu       sync.Mutex
	config   *oauth2.Config
	verifier *oidc.IDTokenVerifier
}

const (
	oidcTime   = 10 * time.Second
	oidcCookie = "oidc"
	oidcLast   = 600 // Seconds in which somebody has to come back.
	oidcBack   = "/sign-in/oidc/back"
)

func newVoucher(o OIDC) *voucher {
	if o.Issuer == "" {
		return nil
	}
	return &voucher{o: o}
}

// ready finds the issuer's addresses and keys.
func (v *voucher) ready(ctx context.Context) (*oauth2.Config, *oidc.IDTokenVerifier, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.config != nil {
		return v.config, v.verifier, nil
	}
	// The keys are fetched again when the issuer changes them, long after this request.
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), &http.Client{Timeout: oidcTime})
	provider, err := oidc.NewProvider(ctx, v.o.Issuer)
	if err != nil {
		return nil, nil, fmt.Errorf("OpenID Connect: %w", err)
	}
	v.verifier = provider.Verifier(&oidc.Config{ClientID: v.o.Client})
	v.config = &oauth2.Config{
		ClientID: v.o.Client, ClientSecret: v.o.Secret, Endpoint: provider.Endpoint(), RedirectURL: strings.TrimSuffix(v.o.Back, "/") + oidcBack,
		Scopes: []string{oidc.ScopeOpenID, "email", "profile"},
	}
	return v.config, v.verifier, nil
}

// vouch sends somebody to the issuer.
func (p *Pages) vouch(r *request) error {
	if p.voucher == nil {
		return console.ErrNotFound
	}
	config, _, err := p.voucher.ready(r.Request.Context())
	if err != nil {
		return err
	}
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		return err
	}
	state, proof := base64.RawURLEncoding.EncodeToString(b[:]), oauth2.GenerateVerifier()
	p.keepProof(r, state+"."+proof, oidcLast)
	r.Redirect(http.StatusSeeOther, config.AuthCodeURL(state, oidc.Nonce(state), oauth2.S256ChallengeOption(proof)))
	return nil
}

// keepProof keeps in the browser what it has to bring back. The issuer sends it from another site, so the cookie is lax.
func (p *Pages) keepProof(r *request, value string, seconds int) {
	http.SetCookie(r.Writer, &http.Cookie{ //nolint:gosec // Secure wherever browsers come by HTTPS.
		Name: oidcCookie, Value: value, Path: "/sign-in/oidc", MaxAge: seconds, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(p.voucher.o.Back, "https://"),
	})
}

// vouched takes somebody in whom the issuer vouched for, if they are a user of ours.
func (p *Pages) vouched(r *request) error {
	if p.voucher == nil {
		return console.ErrNotFound
	}
	cookie, err := r.Cookie(oidcCookie)
	state, proof, ok := strings.Cut(cookie, ".")
	if err != nil || !ok || subtle.ConstantTimeCompare([]byte(state), []byte(r.Query("state"))) != 1 {
		return errors.Join(console.ErrInvalid, errors.New(r.t("Begin again: this page was opened too late, or twice.")))
	}
	p.keepProof(r, "", -1)
	mail, err := p.voucher.claim(r.Request.Context(), r.Query("code"), state, proof)
	if err != nil {
		p.o.Log.WarnContext(r.Request.Context(), "somebody came back from the issuer without proof", "error", err)
		return errors.Join(console.ErrForbidden, err)
	}
	token, who, err := p.o.Gate.Vouched(r.Request.Context(), mail, r.source(), r.Request.UserAgent())
	if errors.Is(err, access.ErrNotFound) {
		return fmt.Errorf("%w: %s", console.ErrForbidden, mail)
	}
	if err != nil {
		return err
	}
	p.server.SetSession(r.Writer, token)
	r.who = who
	return r.to("/", "")
}

// claim exchanges a code for the verified mail address of whoever brought it.
func (v *voucher) claim(ctx context.Context, code, nonce, proof string) (string, error) {
	config, verifier, err := v.ready(ctx)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, &http.Client{Timeout: oidcTime}), oidcTime)
	defer cancel()
	tokens, err := config.Exchange(ctx, code, oauth2.VerifierOption(proof))
	if err != nil {
		return "", fmt.Errorf("exchange of the code: %w", err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return "", errors.New("the issuer sent no id token")
	}
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		return "", fmt.Errorf("id token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 {
		return "", errors.New("the id token is for another sign-in")
	}
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := id.Claims(&claims); err != nil {
		return "", fmt.Errorf("id token: %w", err)
	}
	if claims.Email == "" || !claims.Verified {
		return "", errors.New("the issuer vouches for no mail address")
	}
	return strings.ToLower(claims.Email), nil
}
