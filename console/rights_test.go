package console_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/console/memory"
)

// operation is something that somebody asks of a console, with what becomes of it for everybody.
type operation struct {
	name string // Of the method.
	// own and foreign are what becomes of it for the roles in the order of access.Roles: operator, noc, accountant, auditor, manager and branch
	// manager. Own is about the client acme, of which the last two are, foreign about another one: y it is done, n it is refused, - it is not found.
	// Foreign is empty where it is about no client.
	own, foreign string
	do           func(a asked) error
}

// asked is one question.
type asked struct {
	ctx    context.Context
	c      *console.Console
	h      *memory.House
	who    *access.Principal
	tenant string // acme, or other.
}

const done, refused, none = 'y', 'n', '-'

func outcome(err error) byte {
	switch {
	case err == nil:
		return done
	case errors.Is(err, console.ErrForbidden):
		return refused
	case errors.Is(err, console.ErrNotFound):
		return none
	}
	return '?'
}

// TestWhoMayDoWhat asks everything of the console as every role, of its own client and of another one.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	for _, o := range operations() {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			for tenant, want := range map[string]string{"acme": o.own, "other": o.foreign} {
				if want == "" {
					continue
				}
				require.Len(t, want, len(access.Roles()))
				for i, role := range access.Roles() {
					h := newHouse(t)
					before := len(h.Rows.Done())
					err := o.do(asked{t.Context(), h.Console, h, people()[role], tenant})
					require.Equal(t, string(want[i]), string(outcome(err)), "%s as %s of %s: %v", o.name, role, tenant, err)
					if want[i] != done {
						require.Len(t, h.Rows.Done(), before, "nothing reached a store")
						left, err := h.Setup.Load(t.Context())
						require.NoError(t, err)
						require.Equal(t, int64(1), left.Revision, "nothing was changed")
					}
				}
			}
		})
	}
}

// TestKeysMayNoMoreThanTheirScopes asks everything with the key of an operator that has no scope: only what needs no permission is answered.
func TestKeysMayNoMoreThanTheirScopes(t *testing.T) {
	t.Parallel()
	free := map[string]bool{"Views": true, "Period": true, "ReadQuestion": true} // A program keeps nothing, and a period is only read.
	for _, o := range operations() {
		h := newHouse(t)
		err := o.do(asked{t.Context(), h.Console, h, &access.Principal{User: "olga", Role: access.Operator, Key: "k", Scopes: []access.Permission{}}, "acme"})
		require.Equal(t, free[o.name], !errors.Is(err, console.ErrForbidden), "%s: %v", o.name, err)
	}
}

// TestEveryOperationIsAsked finds methods that take somebody and that nobody asks above.
func TestEveryOperationIsAsked(t *testing.T) {
	t.Parallel()
	who := reflect.TypeFor[*access.Principal]()
	known := make(map[string]bool)
	for _, o := range operations() {
		name, _, _ := strings.Cut(o.name, " ")
		known[name] = true
	}
	found := 0
	for m := range reflect.TypeFor[*console.Console]().Methods() {
		for in := range m.Type.Ins() {
			if in == who {
				found++
				require.True(t, known[m.Name], "Console.%s stands in no row of operations", m.Name)
			}
		}
	}
	require.Greater(t, found, 90)
}
