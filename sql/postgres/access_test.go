package postgres_test

import (
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/internal/clock"
	"trunkline/sql/postgres"
)

const secretWord = "quiet-river-77"

func openGate(t *testing.T) (*access.Gate, *postgres.Access, *clock.Manual) {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC))
	store := postgres.NewAccess(open(t), c)
	return access.NewQuickGate(store, "Test", c), store, c
}

// newcomer makes a user who has chosen a password.
func newcomer(t *testing.T, g *access.Gate, u access.User) {
	t.Helper()
	require.NoError(t, g.Add(t.Context(), u))
	token, err := g.Welcome(t.Context(), u.Login)
	require.NoError(t, err)
	login, err := g.Redeem(t.Context(), token, secretWord)
	require.NoError(t, err)
	require.Equal(t, u.Login, login)
	_, err = g.Redeem(t.Context(), token, secretWord)
	require.ErrorIs(t, err, access.ErrNotFound, "a link is good once")
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	g, _, c := openGate(t)
	newcomer(t, g, access.User{Login: "olga", Role: access.Operator})
	require.ErrorIs(t, g.Add(t.Context(), access.User{Login: "olga", Role: access.NOC}), access.ErrExists)
	in := access.Credentials{Login: "olga", Password: secretWord, Source: "192.0.2.1"}
	token, who, err := g.SignIn(t.Context(), in)
	require.NoError(t, err)
	require.True(t, who.May(access.WriteUsers))
	again, err := g.BySession(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, who, again)
	c.Advance(7 * time.Hour)
	_, err = g.BySession(t.Context(), token)
	require.NoError(t, err, "a session that is used goes on")
	c.Advance(9 * time.Hour)
	_, err = g.BySession(t.Context(), token)
	require.ErrorIs(t, err, access.ErrNoSession, "one that is not does not")
	for _, bad := range []access.Credentials{{Login: "nobody", Password: secretWord}, {Login: "olga", Password: "wrong"}, {Login: "olga"}} {
		bad.Source = "192.0.2.2"
		_, _, err := g.SignIn(t.Context(), bad)
		require.ErrorIs(t, err, access.ErrCredentials)
	}
}

func TestTooManyTriesLockTheUserForAWhile(t *testing.T) {
	t.Parallel()
	g, _, c := openGate(t)
	newcomer(t, g, access.User{Login: "max", Role: access.NOC})
	newcomer(t, g, access.User{Login: "other", Role: access.NOC})
	in := access.Credentials{Login: "max", Password: secretWord, Source: "192.0.2.1"}
	bad := in
	bad.Password, bad.Source = "guess", "192.0.2.66"
	for range 5 {
		_, _, err := g.SignIn(t.Context(), bad)
		require.ErrorIs(t, err, access.ErrCredentials)
	}
	_, _, err := g.SignIn(t.Context(), in)
	require.ErrorIs(t, err, access.ErrLocked, "even with the right password")
	c.Advance(16 * time.Minute)
	_, _, err = g.SignIn(t.Context(), in)
	require.NoError(t, err)
	for i := range 25 { // One password on many logins, from one address.
		bad.Login = "login-" + string(rune('a'+i))
		_, _, err = g.SignIn(t.Context(), bad)
	}
	require.ErrorIs(t, err, access.ErrLocked)
	in.Login, in.Source = "other", "192.0.2.66"
	_, _, err = g.SignIn(t.Context(), in)
	require.ErrorIs(t, err, access.ErrLocked, "the address is locked, too")
}

func TestASecondFactor(t *testing.T) {
	t.Parallel()
	g, _, c := openGate(t)
	newcomer(t, g, access.User{Login: "olga", Role: access.Accountant})
	f, err := g.BeginFactor(t.Context(), "olga")
	require.NoError(t, err)
	in := access.Credentials{Login: "olga", Password: secretWord, Source: "192.0.2.1"}
	_, _, err = g.SignIn(t.Context(), in)
	require.NoError(t, err, "it is not proved yet")
	require.ErrorIs(t, g.ConfirmFactor(t.Context(), "olga", "000000"), access.ErrCredentials)
	code := func() string {
		text, err := totp.GenerateCode(f.Secret, c.Now())
		require.NoError(t, err)
		return text
	}
	require.NoError(t, g.ConfirmFactor(t.Context(), "olga", code()))
	_, _, err = g.SignIn(t.Context(), in)
	require.ErrorIs(t, err, access.ErrCode)
	in.Code = code()
	_, _, err = g.SignIn(t.Context(), in)
	require.ErrorIs(t, err, access.ErrCredentials, "a code counts once: this one proved the factor")
	c.Advance(time.Minute)
	in.Code = code()
	_, _, err = g.SignIn(t.Context(), in)
	require.NoError(t, err)
	_, _, err = g.SignIn(t.Context(), in)
	require.ErrorIs(t, err, access.ErrCredentials, "seen over the shoulder")
	require.ErrorIs(t, g.DropFactor(t.Context(), "olga", "wrong"), access.ErrCredentials)
	require.NoError(t, g.DropFactor(t.Context(), "olga", secretWord))
	in.Code = ""
	_, _, err = g.SignIn(t.Context(), in)
	require.NoError(t, err)
}

func TestKeysHaveNoMoreThanTheirOwner(t *testing.T) {
	t.Parallel()
	g, _, c := openGate(t)
	newcomer(t, g, access.User{Login: "max", Role: access.Manager, Tenant: "beauty"})
	_, _, err := g.NewKey(t.Context(), "max", "x", []access.Permission{access.ReadCost}, time.Time{})
	require.ErrorIs(t, err, access.ErrKey)
	secret, _, err := g.NewKey(t.Context(), "max", "x", []access.Permission{access.ReadCalls}, c.Now().Add(time.Hour))
	require.NoError(t, err)
	who, err := g.ByKey(t.Context(), secret)
	require.NoError(t, err)
	require.True(t, who.May(access.ReadCalls))
	require.False(t, who.May(access.ReadStats), "the scope bounds")
	require.True(t, who.Sees("beauty"))
	require.False(t, who.Sees("other"))
	c.Advance(2 * time.Hour)
	_, err = g.ByKey(t.Context(), secret)
	require.ErrorIs(t, err, access.ErrNoSession, "it is over")
	secret, k, err := g.NewKey(t.Context(), "max", "y", []access.Permission{access.ReadCalls}, time.Time{})
	require.NoError(t, err)
	require.ErrorIs(t, g.RevokeKey(t.Context(), "somebody", k.ID), access.ErrNotFound)
	require.NoError(t, g.RevokeKey(t.Context(), "max", k.ID))
	_, err = g.ByKey(t.Context(), secret)
	require.ErrorIs(t, err, access.ErrNoSession)
}

func TestTheLastOperatorStays(t *testing.T) {
	t.Parallel()
	g, _, _ := openGate(t)
	newcomer(t, g, access.User{Login: "al", Role: access.Operator})
	newcomer(t, g, access.User{Login: "bo", Role: access.Operator})
	in := access.Credentials{Login: "al", Password: secretWord, Source: "192.0.2.1"}
	token, _, err := g.SignIn(t.Context(), in)
	require.NoError(t, err)
	require.NoError(t, g.Change(t.Context(), access.User{Login: "al", Role: access.NOC}))
	_, err = g.BySession(t.Context(), token)
	require.ErrorIs(t, err, access.ErrNoSession, "who loses a role signs in anew")
	require.ErrorIs(t, g.Change(t.Context(), access.User{Login: "bo", Role: access.Operator, Disabled: true}), access.ErrLastOne)
	for _, bad := range []access.User{
		{Login: "X", Role: access.NOC},
		{Login: "max", Role: "boss"},
		{Login: "max", Role: access.Manager},
		{Login: "max", Role: access.NOC, Tenant: "beauty"},
		{Login: "max", Role: access.BranchManager, Tenant: "beauty"},
		{Login: "max", Role: access.NOC, Email: "nonsense"},
	} {
		require.ErrorIs(t, g.Add(t.Context(), bad), access.ErrUser, "%+v", bad)
	}
	for _, bad := range []string{"short", "aaaaaaaaaaaa", "bo-is-the-word"} {
		require.ErrorIs(t, g.SetPassword(t.Context(), "bo", bad, ""), access.ErrPassword, bad)
	}
}

func TestVouchedForByMail(t *testing.T) {
	t.Parallel()
	g, _, _ := openGate(t)
	newcomer(t, g, access.User{Login: "anna", Role: access.Accountant, Email: "anna@example.com"})
	_, who, err := g.Vouched(t.Context(), "Anna@example.com", "192.0.2.1", "")
	require.NoError(t, err)
	require.Equal(t, "anna", who.User)
	_, _, err = g.Vouched(t.Context(), "eve@example.com", "192.0.2.1", "")
	require.ErrorIs(t, err, access.ErrNotFound)
	newcomer(t, g, access.User{Login: "anna2", Role: access.Accountant, Email: "anna@example.com"})
	_, _, err = g.Vouched(t.Context(), "anna@example.com", "192.0.2.1", "")
	require.ErrorIs(t, err, access.ErrNotFound, "nobody knows which of two")
}

func TestAWriteIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	_, store, c := openGate(t)
	_, fresh, err := store.Claim(t.Context(), "user:a", "k", []byte("hash"))
	require.NoError(t, err)
	require.True(t, fresh)
	was, fresh, err := store.Claim(t.Context(), "user:a", "k", []byte("hash"))
	require.NoError(t, err)
	require.False(t, fresh)
	require.Zero(t, was.Status, "it is being answered")
	require.NoError(t, store.Answer(t.Context(), "user:a", "k", 201, "tag", []byte("body")))
	was, _, err = store.Claim(t.Context(), "user:a", "k", []byte("other"))
	require.NoError(t, err)
	require.Equal(t, postgres.Answered{Request: []byte("hash"), Status: 201, Header: "tag", Body: []byte("body")}, was)
	_, fresh, err = store.Claim(t.Context(), "user:b", "k", []byte("hash"))
	require.NoError(t, err)
	require.True(t, fresh, "keys are the sender's own")
	require.NoError(t, store.Answer(t.Context(), "user:b", "k", 0, "", nil))
	_, fresh, err = store.Claim(t.Context(), "user:b", "k", []byte("hash"))
	require.NoError(t, err)
	require.True(t, fresh, "what failed may be tried again")
	c.Advance(25 * time.Hour)
	_, fresh, err = store.Claim(t.Context(), "user:a", "k", []byte("other"))
	require.NoError(t, err)
	require.True(t, fresh, "kept for a day")
}
