package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
)

// TestWhatRolesMayNot holds the promises that are made about roles, whatever permissions there are.
func TestWhatRolesMayNot(t *testing.T) {
	t.Parallel()
	for _, p := range access.Permissions() {
		name := string(p)
		require.True(t, access.Operator.May(p), "an operator may everything: %s", p)
		writes := strings.HasSuffix(name, ":write") || strings.HasSuffix(name, ":undo")
		if writes && p != access.OwnAccess {
			require.False(t, access.Auditor.May(p), "an auditor changes nothing: %s", p)
			require.False(t, access.Manager.May(p), "a client changes nothing of the house's: %s", p)
		}
		if strings.HasPrefix(name, "sale:") || strings.HasPrefix(name, "cost:") || strings.HasPrefix(name, "prices:") || strings.HasPrefix(name, "money:") {
			require.False(t, access.NOC.May(p), "a NOC sees no prices: %s", p)
		}
		if access.BranchManager.May(p) {
			require.True(t, access.Manager.May(p), "a branch manager may no more than the manager: %s", p)
		}
		for _, inside := range []access.Permission{access.ReadCost, access.ReadRouting, access.ReadPrices, access.ReadOverview, access.ReadTraces, access.ReadAudit, access.ReadUsers} {
			require.False(t, access.Manager.May(inside), "what is the house's is no client's: %s", inside)
		}
		require.False(t, access.Role("cook").May(p))
	}
	for _, r := range access.Roles() {
		require.True(t, r.Known())
		require.True(t, r.May(access.OwnAccess), r)
	}
}

// TestWhoSeesWhat asks which rows are somebody's.
func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		who          *access.Principal
		tenants      string // Of acme, other and "".
		berlin, koln bool   // Branches of acme.
	}{
		"nobody":                         {nil, "", false, false},
		"the house":                      {&access.Principal{Role: access.Operator}, "acme other all", true, true},
		"a manager":                      {&access.Principal{Role: access.Manager, Tenant: "acme"}, "acme", true, true},
		"a branch manager":               {&access.Principal{Role: access.BranchManager, Tenant: "acme", Branch: "berlin"}, "acme", true, false},
		"a manager without a tenant":     {&access.Principal{Role: access.Manager}, "", false, false},
		"a branch manager of no branch":  {&access.Principal{Role: access.BranchManager, Tenant: "acme"}, "acme", false, false},
		"a key of the house for a while": {&access.Principal{Role: access.Operator, Key: "k", Scopes: []access.Permission{}}, "acme other all", true, true},
	} {
		var seen []string
		for _, tenant := range []string{"acme", "other", ""} {
			if c.who.Sees(tenant) {
				seen = append(seen, map[bool]string{true: "all", false: tenant}[tenant == ""])
			}
		}
		require.Equal(t, c.tenants, strings.Join(seen, " "), name)
		if c.who != nil {
			require.Equal(t, []bool{c.berlin, c.koln}, []bool{c.who.SeesBranch("acme", "berlin"), c.who.SeesBranch("acme", "koeln")}, name)
		}
	}
}

func TestUsersAreDescribed(t *testing.T) {
	t.Parallel()
	change := func(do func(*access.User)) access.User {
		u := access.User{Login: "anna", Role: access.NOC}
		do(&u)
		return u
	}
	for name, c := range map[string]struct {
		u  access.User
		ok bool
	}{
		"a good one":                  {change(func(*access.User) {}), true},
		"with all of it":              {access.User{Login: "a.b@c+d", Name: "A", Email: "anna@example.com", Role: access.BranchManager, Tenant: "t", Branch: "b", Language: "de"}, true},
		"a manager":                   {change(func(u *access.User) { u.Role, u.Tenant = access.Manager, "acme" }), true},
		"capitals":                    {change(func(u *access.User) { u.Login = "Anna" }), false},
		"one letter":                  {change(func(u *access.User) { u.Login = "a" }), false},
		"no role":                     {change(func(u *access.User) { u.Role = "" }), false},
		"a manager of nobody":         {change(func(u *access.User) { u.Role = access.Manager }), false},
		"staff of a tenant":           {change(func(u *access.User) { u.Tenant = "acme" }), false},
		"a manager of a branch":       {change(func(u *access.User) { u.Role, u.Tenant, u.Branch = access.Manager, "acme", "b" }), false},
		"a branch manager of none":    {change(func(u *access.User) { u.Role, u.Tenant = access.BranchManager, "acme" }), false},
		"another language":            {change(func(u *access.User) { u.Language = "fr" }), false},
		"a name beside the address":   {change(func(u *access.User) { u.Email = "Anna <anna@example.com>" }), false},
		"no address":                  {change(func(u *access.User) { u.Email = "anna" }), false},
		"a name that is a whole text": {change(func(u *access.User) { u.Name = strings.Repeat("x", 101) }), false},
	} {
		if err := c.u.Validate(); c.ok {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, access.ErrUser, name)
		}
	}
	require.True(t, slices.Contains(access.Languages(), "en"))
}
