package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
)

// logins are those of users, in their order.
func logins(list []access.User) string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].Login
	}
	return strings.Join(out, " ")
}

// TestUsersAreOfTheirClient lists all users, or those of one client, and finds nobody who is not there.
func TestUsersAreOfTheirClient(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, u := range []access.User{{Login: "max", Role: access.Manager, Tenant: "acme"}, {Login: "bea", Role: access.BranchManager, Tenant: "acme", Branch: "berlin"}, {Login: "oda", Role: access.Manager, Tenant: "other"}} {
		require.NoError(t, h.Add(t.Context(), u))
	}
	for tenant, want := range map[string]string{"": "bea max oda olga", "acme": "bea max", "other": "oda", "nobody": ""} {
		list, err := h.Users(t.Context(), tenant)
		require.NoError(t, err)
		require.Equal(t, want, logins(list), tenant)
	}
	u, err := h.User(t.Context(), "max")
	require.NoError(t, err)
	require.Equal(t, h.clock.Now(), u.Made)
	_, err = h.User(t.Context(), "nobody")
	require.ErrorIs(t, err, access.ErrNotFound)
}

// TestUsersMakeSense adds nobody who is not well described, whose login somebody has, or who is not there to be changed.
func TestUsersMakeSense(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	require.ErrorIs(t, h.Add(t.Context(), access.User{Login: "max", Role: access.Manager}), access.ErrUser)
	require.Error(t, h.Add(t.Context(), access.User{Login: "olga", Role: access.NOC}), "somebody has the login")
	list, err := h.Users(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, "olga", logins(list))
	require.ErrorIs(t, h.Change(t.Context(), access.User{Login: "nobody", Role: access.NOC}), access.ErrNotFound)
}

// TestChangesKeepWhatTheyDoNotTell leaves password, second factor and the time of making of whoever is changed.
func TestChangesKeepWhatTheyDoNotTell(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	before, err := h.User(t.Context(), "olga")
	require.NoError(t, err)
	h.clock.Advance(time.Hour)
	require.NoError(t, h.Change(t.Context(), access.User{Login: "olga", Name: "Olga N.", Role: access.Operator, Language: "de"}))
	after, err := h.User(t.Context(), "olga")
	require.NoError(t, err)
	require.Equal(t, before.Made, after.Made)
	require.Equal(t, "Olga N.", after.Name)
	require.Equal(t, "de", after.Language)
	_, err = h.signIn(t, access.Credentials{Login: "olga", Password: good, Source: "s"})
	require.NoError(t, err, "the password stays")
}

// TestWhoeverIsDisabledIsOut ends the sessions of a user who is disabled, lets them in no more, and ends their keys with them.
func TestWhoeverIsDisabledIsOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(t, access.User{Login: "nora", Role: access.NOC})
	token, err := h.signIn(t, access.Credentials{Login: "nora", Password: good, Source: "s"})
	require.NoError(t, err)
	secret, key, err := h.NewKey(t.Context(), "nora", "watch", []access.Permission{access.ReadOverview}, time.Time{})
	require.NoError(t, err)
	require.NoError(t, h.Change(t.Context(), access.User{Login: "nora", Role: access.NOC, Disabled: true}))
	_, err = h.BySession(t.Context(), token)
	require.ErrorIs(t, err, access.ErrNoSession)
	_, err = h.signIn(t, access.Credentials{Login: "nora", Password: good, Source: "s"})
	require.ErrorIs(t, err, access.ErrCredentials, "as if the password were wrong")
	_, err = h.ByKey(t.Context(), secret)
	require.Error(t, err)
	require.NoError(t, h.Change(t.Context(), access.User{Login: "nora", Role: access.NOC}))
	who, err := h.ByKey(t.Context(), secret)
	require.NoError(t, err, "the key was not ended")
	require.Equal(t, "key:"+key.ID, who.By())
}

// TestPasswordsOpenOnTheMachine tells a command whether a password is a user's, and counts no failure.
func TestPasswordsOpenOnTheMachine(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 6 {
		ok, err := h.Opens(t.Context(), "olga", "wrong")
		require.NoError(t, err)
		require.False(t, ok)
	}
	ok, err := h.Opens(t.Context(), "olga", good)
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = h.Opens(t.Context(), "nobody", good)
	require.NoError(t, err)
	require.False(t, ok)
	_, err = h.signIn(t, access.Credentials{Login: "olga", Password: good, Source: "s"})
	require.NoError(t, err, "nobody is locked by it")
}

// TestKeysAreListedByOwner lists keys of one user or of all, the ended ones among them.
func TestKeysAreListedByOwner(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(t, access.User{Login: "nora", Role: access.NOC})
	for login, names := range map[string][]string{"olga": {"books", "watch"}, "nora": {"watch"}} {
		for _, name := range names {
			_, _, err := h.NewKey(t.Context(), login, name, []access.Permission{access.ReadOverview}, time.Time{})
			require.NoError(t, err)
		}
	}
	for login, want := range map[string]int{"olga": 2, "nora": 1, "": 3, "nobody": 0} {
		list, err := h.KeysOf(t.Context(), login)
		require.NoError(t, err)
		require.Len(t, list, want, login)
	}
	list, err := h.KeysOf(t.Context(), "nora")
	require.NoError(t, err)
	require.Error(t, h.RevokeKey(t.Context(), "olga", list[0].ID), "it is not hers")
	require.NoError(t, h.RevokeKey(t.Context(), "nora", list[0].ID))
	list, err = h.KeysOf(t.Context(), "nora")
	require.NoError(t, err)
	require.False(t, list[0].Revoked.IsZero())
}

// TestLinksAreOfSomebody makes no link for nobody, and tells of none whose it was once it is spent or late.
func TestLinksAreOfSomebody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, err := h.Reset(t.Context(), "nobody")
	require.ErrorIs(t, err, access.ErrNotFound)
	token, err := h.Reset(t.Context(), "olga")
	require.NoError(t, err)
	login, err := h.LinkOf(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, "olga", login)
	_, err = h.Redeem(t.Context(), token, "short")
	require.ErrorIs(t, err, access.ErrPassword)
	_, err = h.LinkOf(t.Context(), token)
	require.NoError(t, err, "a password that may not be used spends no link")
	h.clock.Advance(time.Hour)
	_, err = h.LinkOf(t.Context(), token)
	require.ErrorIs(t, err, access.ErrNotFound, "an hour later it is late")
}
