package provision_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
)

// reconcile applies a file, as apply does, and returns what is stored and remembered afterwards.
func reconcile(t *testing.T, stored []provision.Object, wanted *provision.Bundle, before provision.Applied) ([]provision.Object, provision.Applied, []provision.Conflict) {
	t.Helper()
	r, err := provision.Reconcile(stored, wanted.Files, wanted, before, true, provision.Choice{})
	require.NoError(t, err)
	if len(r.Conflicts) > 0 {
		return stored, before, r.Conflicts
	}
	_, merged, err := provision.Plan(stored, wanted.Files, r.Wanted, true)
	require.NoError(t, err)
	objects, err := merged.Objects()
	require.NoError(t, err)
	after := make(provision.Applied)
	for _, known := range []provision.Applied{before, r.Applied} {
		maps.Copy(after, known)
	}
	return objects, after, nil
}

// TestWhatTheFileTookAwayComesBack: what an operator takes out of their file with --prune, and puts back later, was changed at no other
// place; what was taken away on a page was.
func TestWhatTheFileTookAwayComesBack(t *testing.T) {
	t.Parallel()
	with, without := read(t, smallOperator), read(t, smallOperator)
	without.Operator.Tenants = nil
	stored, applied, conflicts := reconcile(t, nil, with, nil)
	require.Empty(t, conflicts)
	gone, forgotten, conflicts := reconcile(t, stored, without, applied)
	require.Empty(t, conflicts)
	require.Len(t, gone, len(stored)-1)
	back, _, conflicts := reconcile(t, gone, with, forgotten)
	require.Empty(t, conflicts)
	require.Len(t, back, len(stored))

	_, _, conflicts = reconcile(t, gone, with, applied)
	require.Len(t, conflicts, 1)
	require.True(t, conflicts[0].Gone)
}
