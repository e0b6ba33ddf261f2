package rerate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/sql/postgres"
)

// TestStatesOfRuns tells what became of runs: one that failed is neither done nor to be run again, and an undo that changed nothing undoes
// nothing.
func TestStatesOfRuns(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for want, r := range map[string]postgres.Rerate{
		"done":                                    {Done: now},
		"undoes 1":                                {Done: now, Undoes: 1},
		"undone by 2":                             {Done: now, UndoneBy: 2, Undone: true},
		"undone in part by 2: undo it again":      {Done: now, UndoneBy: 2},
		"not finished: run it again":              {},
		"not finished; 3 went on with it":         {WentOn: 3},
		"failed, nothing was changed: it is late": {Failure: "it is late"},
		"failed in part: it is late":              {Failure: "it is late", Legs: 7},
	} {
		require.Equal(t, want, state(&r))
	}
}
