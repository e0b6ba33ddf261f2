package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
)

func TestKeysAreDescribed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(t, access.User{Login: "noc", Role: access.NOC})
	calls := []access.Permission{access.ReadCalls}
	for name, c := range map[string]struct {
		login, name string
		scopes      []access.Permission
		till        time.Time
		want        error
	}{
		"a good one":            {"olga", "dashboard", calls, time.Time{}, nil},
		"with an end":           {"olga", "dashboard", calls, h.clock.Now().Add(time.Hour), nil},
		"without a name":        {"olga", "", calls, time.Time{}, access.ErrKey},
		"with a long name":      {"olga", strings.Repeat("x", 101), calls, time.Time{}, access.ErrKey},
		"without scopes":        {"olga", "x", nil, time.Time{}, access.ErrKey},
		"with an unknown scope": {"olga", "x", []access.Permission{"moon:read"}, time.Time{}, access.ErrKey},
		"with more than one is": {"noc", "x", []access.Permission{access.ReadCost}, time.Time{}, access.ErrKey},
		"that is over":          {"olga", "x", calls, h.clock.Now(), access.ErrKey},
		"of nobody":             {"nobody", "x", calls, time.Time{}, access.ErrNotFound},
	} {
		secret, _, err := h.NewKey(t.Context(), c.login, c.name, c.scopes, c.till)
		require.ErrorIs(t, err, c.want, name)
		require.Equal(t, c.want == nil, strings.HasPrefix(secret, "tlk_"), name)
	}
}

// TestKeysEnd by their date, by being revoked, and with their owner.
func TestKeysEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(h *house, k access.Key){
		"their date": func(h *house, _ access.Key) { h.clock.Advance(time.Hour) },
		"revoked":    func(h *house, k access.Key) { require.NoError(h.t, h.RevokeKey(h.t.Context(), "noc", k.ID)) },
		"by another": func(h *house, k access.Key) { require.NoError(h.t, h.RevokeKey(h.t.Context(), "", k.ID)) },
		"disabled": func(h *house, _ access.Key) {
			require.NoError(h.t, h.Change(h.t.Context(), access.User{Login: "noc", Role: access.NOC, Disabled: true}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.add(t, access.User{Login: "noc", Role: access.NOC})
			secret, k, err := h.NewKey(t.Context(), "noc", "x", []access.Permission{access.ReadCalls}, h.clock.Now().Add(time.Hour))
			require.NoError(t, err)
			who, err := h.ByKey(t.Context(), secret)
			require.NoError(t, err)
			require.True(t, who.May(access.ReadCalls))
			require.False(t, who.May(access.ReadTraces), "which its owner may, and it was not given")
			require.Equal(t, "key:"+k.ID, who.By())
			require.ErrorIs(t, h.RevokeKey(t.Context(), "olga", k.ID), access.ErrNotFound, "it is somebody else's")
			end(h, k)
			_, err = h.ByKey(t.Context(), secret)
			require.ErrorIs(t, err, access.ErrNoSession)
		})
	}
}

// TestKeyIsNoMoreThanItsOwner takes from a key what its owner has lost since.
func TestKeyIsNoMoreThanItsOwner(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(t, access.User{Login: "clerk", Role: access.Accountant})
	secret, _, err := h.NewKey(t.Context(), "clerk", "x", []access.Permission{access.ReadCalls, access.ReadCost}, time.Time{})
	require.NoError(t, err)
	require.NoError(t, h.Change(t.Context(), access.User{Login: "clerk", Role: access.NOC}))
	who, err := h.ByKey(t.Context(), secret)
	require.NoError(t, err)
	require.True(t, who.May(access.ReadCalls))
	require.False(t, who.May(access.ReadCost))
}

func TestNoKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, secret := range []string{"", "tlk_", "tlk_guess", "Bearer", "password"} {
		_, err := h.ByKey(t.Context(), secret)
		require.ErrorIs(t, err, access.ErrNoSession, secret)
	}
	require.True(t, access.SameSecret("a", "a"))
	require.False(t, access.SameSecret("a", "b"))
}
