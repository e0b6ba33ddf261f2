package pages

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
)

// issuer is an OpenID Connect issuer that vouches for whatever its claims say.
type issuer struct {
	*httptest.Server

	t      *testing.T
	key    *rsa.PrivateKey
	claims map[string]any
	proof  string // What the code has to be exchanged with.
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	i := &issuer{t: t, key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		i.answer(w, map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		i.answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("code") != "good" || r.FormValue("code_verifier") != i.proof {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		i.answer(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": i.signed()})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		i.t.Error(err)
	}
}

func (i *issuer) signed() string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: i.key, KeyID: "k"}}, nil)
	if err != nil {
		i.t.Error(err)
		return ""
	}
	text, err := json.Marshal(i.claims)
	if err != nil {
		i.t.Error(err)
	}
	object, err := signer.Sign(text)
	if err != nil {
		i.t.Error(err)
		return ""
	}
	raw, err := object.CompactSerialize()
	if err != nil {
		i.t.Error(err)
	}
	return raw
}

func TestAnIssuerVouchesForAMailAddress(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	good := map[string]any{
		"iss": i.URL, "aud": "trunkline", "sub": "1", "nonce": "n", "email": "Anna@Example.com", "email_verified": true,
		"exp": clock.System{}.Now().Add(time.Minute).Unix(), "iat": clock.System{}.Now().Unix(),
	}
	i.proof = "proof"
	v := newVoucher(OIDC{Issuer: i.URL, Client: "trunkline", Secret: "s", Back: "https://bill.example.com/"})
	config, _, err := v.ready(t.Context())
	require.NoError(t, err)
	require.Equal(t, "https://bill.example.com/sign-in/oidc/back", config.RedirectURL)
	i.claims = good
	mail, err := v.claim(t.Context(), "good", "n", "proof")
	require.NoError(t, err)
	require.Equal(t, "anna@example.com", mail)
	for name, change := range map[string]func(map[string]any){
		"of another sign-in": func(c map[string]any) { c["nonce"] = "other" },
		"not verified":       func(c map[string]any) { c["email_verified"] = false },
		"for another client": func(c map[string]any) { c["aud"] = "other" },
		"over":               func(c map[string]any) { c["exp"] = clock.System{}.Now().Add(-time.Hour).Unix() },
		"of another issuer":  func(c map[string]any) { c["iss"] = "https://evil.example" },
	} {
		i.claims = maps.Clone(good)
		change(i.claims)
		_, err := v.claim(t.Context(), "good", "n", "proof")
		require.Error(t, err, name)
	}
	i.claims = good
	_, err = v.claim(t.Context(), "good", "n", "other proof")
	require.Error(t, err, "the code was begun by another browser")
	require.Nil(t, newVoucher(OIDC{}), "nobody vouches where nobody is set")
}
