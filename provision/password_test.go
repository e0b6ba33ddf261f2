package provision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
)

func TestWeakPassword(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"101":              "has the login, the client or the short number in it",
		"Beauty-2026-x":    "has the login, the client or the short number in it",
		"my-secret-word":   "has a word in it that is tried first",
		"kdi3m":            "is short",
		"aaaaaaaaaaaa":     "has few different characters",
		"k4wq-7zdm-29hb":   "",
		"x9mc3kqvz7wd2hnf": "",
	} {
		require.Equal(t, want, provision.WeakPassword(password, "beauty", "101", "beauty-101"), password)
	}
	for range 1000 {
		require.Empty(t, provision.WeakPassword(provision.ProposePassword(), "beauty", "10177", "beauty-10177"))
	}
	one, two := provision.ProposePassword(), provision.ProposePassword()
	require.NotEqual(t, one, two)
}
