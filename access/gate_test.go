package access_test

import (
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/access/memory"
	"trunkline/internal/clock"
)

const good = "correct horse battery"

// house is a gate with an operator who has a password, at a clock that is moved by hand.
type house struct {
	*access.Gate

	t     *testing.T
	store *memory.Store
	clock *clock.Manual
}

func newHouse(t *testing.T) *house {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC))
	store := memory.New(c)
	h := &house{access.NewQuickGate(store, "Trunkline", c), t, store, c}
	h.add(t, access.User{Login: "olga", Name: "Olga", Email: "olga@example.com", Role: access.Operator})
	return h
}

func (h *house) add(t *testing.T, u access.User) {
	t.Helper()
	require.NoError(t, h.Add(t.Context(), u))
	require.NoError(t, h.SetPassword(t.Context(), u.Login, good, ""))
}

func (h *house) signIn(t *testing.T, c access.Credentials) (string, error) {
	t.Helper()
	token, _, err := h.SignIn(t.Context(), c)
	return token, err
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(t, access.User{Login: "gone", Role: access.NOC})
	require.NoError(t, h.Change(t.Context(), access.User{Login: "gone", Role: access.NOC, Disabled: true}))
	require.NoError(t, h.Add(t.Context(), access.User{Login: "fresh", Role: access.NOC}))
	for name, c := range map[string]struct {
		login, password string
		want            error
	}{
		"the right password":      {"olga", good, nil},
		"a wrong one":             {"olga", good + "!", access.ErrCredentials},
		"nobody":                  {"nobody", good, access.ErrCredentials},
		"a user without password": {"fresh", "", access.ErrCredentials},
		"somebody disabled":       {"gone", good, access.ErrCredentials},
		"no password":             {"olga", "", access.ErrCredentials},
	} {
		token, err := h.signIn(t, access.Credentials{Login: c.login, Password: c.password, Source: name})
		require.ErrorIs(t, err, c.want, name)
		require.Equal(t, c.want == nil, token != "", name)
	}
}

// TestLoginIsLocked stops guessing at one login, and lets its owner in again after a quarter of an hour.
func TestLoginIsLocked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	try := func(password, source string) error {
		_, err := h.signIn(t, access.Credentials{Login: "olga", Password: password, Source: source})
		return err
	}
	for range 4 {
		require.ErrorIs(t, try("wrong", "a"), access.ErrCredentials)
	}
	require.NoError(t, try(good, "a"), "a success forgets failures")
	for range 5 {
		require.ErrorIs(t, try("wrong", "a"), access.ErrCredentials)
	}
	require.ErrorIs(t, try(good, "b"), access.ErrLocked, "even with the right password, from elsewhere")
	h.clock.Advance(15*time.Minute - time.Second)
	require.ErrorIs(t, try(good, "b"), access.ErrLocked)
	h.clock.Advance(time.Second)
	require.NoError(t, try(good, "b"))
}

// TestSourceIsLocked stops one password being tried on many logins.
func TestSourceIsLocked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 20 {
		require.NoError(t, h.Knock("192.0.2.1"))
	}
	require.ErrorIs(t, h.Knock("192.0.2.1"), access.ErrLocked)
	_, err := h.signIn(t, access.Credentials{Login: "olga", Password: good, Source: "192.0.2.1"})
	require.ErrorIs(t, err, access.ErrLocked)
	_, err = h.signIn(t, access.Credentials{Login: "olga", Password: good, Source: "192.0.2.2"})
	require.NoError(t, err, "others come in")
	h.clock.Advance(15 * time.Minute)
	require.NoError(t, h.Knock("192.0.2.1"))
}

// TestSessionsEnd by not being used, by age, by signing out, by another password and by another role.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	const idle, most = 8 * time.Hour, 7 * 24 * time.Hour
	for name, c := range map[string]struct {
		end  func(h *house, who *access.Principal)
		over bool
	}{
		"used within eight hours": {func(h *house, _ *access.Principal) { h.clock.Advance(idle - time.Second) }, false},
		"not used for eight":      {func(h *house, _ *access.Principal) { h.clock.Advance(idle) }, true},
		"signed out":              {func(h *house, who *access.Principal) { require.NoError(h.t, h.SignOut(h.t.Context(), who)) }, true},
		"one's own new password": {func(h *house, who *access.Principal) {
			require.NoError(h.t, h.ChangePassword(h.t.Context(), who, good, "another good one"))
		}, false},
		"a password by a link": {func(h *house, _ *access.Principal) {
			token, err := h.Reset(h.t.Context(), "olga")
			require.NoError(h.t, err)
			_, err = h.Redeem(h.t.Context(), token, "another good one")
			require.NoError(h.t, err)
		}, true},
		"another name": {func(h *house, _ *access.Principal) {
			require.NoError(h.t, h.Change(h.t.Context(), access.User{Login: "olga", Name: "O.", Role: access.Operator}))
		}, false},
		"another role": {func(h *house, _ *access.Principal) {
			h.add(h.t, access.User{Login: "second", Role: access.Operator})
			require.NoError(h.t, h.Change(h.t.Context(), access.User{Login: "olga", Role: access.NOC}))
		}, true},
		"used every hour for a week": {func(h *house, _ *access.Principal) {
			token, _, err := h.SignIn(h.t.Context(), access.Credentials{Login: "olga", Password: good, Source: "loop"})
			require.NoError(h.t, err)
			for range int(most/time.Hour) - 1 {
				h.clock.Advance(time.Hour)
				_, err := h.BySession(h.t.Context(), token)
				require.NoError(h.t, err)
			}
			h.clock.Advance(time.Hour)
			_, err = h.BySession(h.t.Context(), token)
			require.ErrorIs(h.t, err, access.ErrNoSession)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			token, who, err := h.SignIn(t.Context(), access.Credentials{Login: "olga", Password: good, Source: "s"})
			require.NoError(t, err)
			c.end(h, who)
			again, err := h.BySession(t.Context(), token)
			if c.over {
				require.ErrorIs(t, err, access.ErrNoSession)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "olga", again.User)
		})
	}
}

// TestLinks are good once, for their time, and only with a password that may be used.
func TestLinks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	require.NoError(t, h.Add(t.Context(), access.User{Login: "anna", Role: access.NOC}))
	welcome, err := h.Welcome(t.Context(), "anna")
	require.NoError(t, err)
	h.clock.Advance(7*24*time.Hour - time.Second)
	_, err = h.Redeem(t.Context(), welcome, "short")
	require.ErrorIs(t, err, access.ErrPassword, "it is not spent")
	login, err := h.LinkOf(t.Context(), welcome)
	require.NoError(t, err)
	require.Equal(t, "anna", login)
	_, err = h.Redeem(t.Context(), welcome, good)
	require.NoError(t, err)
	_, err = h.Redeem(t.Context(), welcome, good+"2")
	require.ErrorIs(t, err, access.ErrNotFound, "it is spent")
	reset, err := h.Reset(t.Context(), "anna")
	require.NoError(t, err)
	h.clock.Advance(time.Hour)
	_, err = h.Redeem(t.Context(), reset, good)
	require.ErrorIs(t, err, access.ErrNotFound, "its hour is over")
	_, err = h.Reset(t.Context(), "nobody")
	require.ErrorIs(t, err, access.ErrNotFound)
}

// TestSecondFactor asks for a code from its confirmation on, and takes no code twice.
func TestSecondFactor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	factor, err := h.BeginFactor(t.Context(), "olga")
	require.NoError(t, err)
	code := func() string {
		out, err := totp.GenerateCode(factor.Secret, h.clock.Now())
		require.NoError(t, err)
		return out
	}
	in := func(code string) error {
		_, err := h.signIn(t, access.Credentials{Login: "olga", Password: good, Code: code, Source: "s"})
		return err
	}
	require.NoError(t, in(""), "it is not confirmed yet")
	require.ErrorIs(t, h.ConfirmFactor(t.Context(), "olga", "000000"), access.ErrCredentials)
	require.NoError(t, h.ConfirmFactor(t.Context(), "olga", code()))
	require.ErrorIs(t, in(""), access.ErrCode)
	require.ErrorIs(t, in(code()), access.ErrCredentials, "this one confirmed it")
	h.clock.Advance(30 * time.Second)
	former := code()
	require.NoError(t, in(former))
	require.ErrorIs(t, in(former), access.ErrCredentials, "nobody who looked on comes in with it")
	h.clock.Advance(30 * time.Second)
	late := code()
	h.clock.Advance(30 * time.Second)
	require.NoError(t, in(late), "clocks of phones are not exact")
	h.clock.Advance(30 * time.Second)
	h.clock.Advance(30 * time.Second)
	require.ErrorIs(t, in(late), access.ErrCredentials)
	require.ErrorIs(t, h.DropFactor(t.Context(), "olga", "wrong"), access.ErrCredentials)
	require.NoError(t, h.DropFactor(t.Context(), "olga", good))
	require.NoError(t, in(""))
}

// TestVouched lets in whom somebody else has proved, and nobody where the address may be of two.
func TestVouched(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, u := range []access.User{
		{Login: "twin1", Email: "twin@example.com", Role: access.NOC},
		{Login: "twin2", Email: "twin@example.com", Role: access.NOC},
		{Login: "gone", Email: "gone@example.com", Role: access.NOC, Disabled: true},
		{Login: "quiet", Role: access.Operator}, // The only one without an address, who is nobody's whose address is not known.
	} {
		require.NoError(t, h.Add(t.Context(), u))
	}
	for email, want := range map[string]error{
		"olga@example.com": nil, "OLGA@Example.com": nil, "twin@example.com": access.ErrNotFound, "gone@example.com": access.ErrNotFound, "": access.ErrNotFound,
	} {
		token, who, err := h.Vouched(t.Context(), email, "s", "a")
		require.ErrorIs(t, err, want, email)
		if want == nil {
			require.Equal(t, "olga", who.User, email)
			_, err := h.BySession(t.Context(), token)
			require.NoError(t, err)
		}
	}
}

// TestLastOperatorStays keeps somebody who may set things right.
func TestLastOperatorStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	require.ErrorIs(t, h.Change(t.Context(), access.User{Login: "olga", Role: access.Operator, Disabled: true}), access.ErrLastOne)
	require.ErrorIs(t, h.Change(t.Context(), access.User{Login: "olga", Role: access.NOC}), access.ErrLastOne)
	h.add(t, access.User{Login: "second", Role: access.Operator})
	require.NoError(t, h.Change(t.Context(), access.User{Login: "olga", Role: access.NOC}))
	require.ErrorIs(t, h.Add(t.Context(), access.User{Login: "olga", Role: access.NOC}), access.ErrExists)
}
