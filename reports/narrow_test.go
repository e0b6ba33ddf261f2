package reports_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/reports"
)

// TestNarrowFilter: words of their own say the same as the line that they stand for, and a wrong one is told by its name.
func TestNarrowFilter(t *testing.T) {
	t.Parallel()
	words := []reports.Narrowed{{Name: "called", Field: "to", Value: "7495", Begin: true}, {Name: "kind", Field: "kind", Value: "egress"}, {Name: "branch", Field: "branch"}}
	got, err := reports.NarrowFilter("duration>60", words)
	require.NoError(t, err)
	want, err := reports.ParseFilter(`duration>60 to:"7495%" kind:"egress"`)
	require.NoError(t, err)
	require.Equal(t, want, got)

	_, err = reports.NarrowFilter("", []reports.Narrowed{{Name: "kind", Field: "kind", Value: "sideways"}})
	require.ErrorContains(t, err, `--kind "sideways"`)
	_, err = reports.NarrowFilter("nonsense:1", words)
	require.ErrorContains(t, err, "--filter: ")
}
