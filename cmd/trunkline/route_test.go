package main

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

const demoOperator = "../../demo/operator.yaml"

// keys returns the keys of a JSON object, sorted.
func keys(v map[string]any) []string { return slices.Sorted(maps.Keys(v)) }

func TestRouteKeepsItsContract(t *testing.T) {
	t.Parallel()
	at := "2026-11-02T10:00:00Z"
	code, out, errs := trunkline(t, "route", "-f", demoOperator, "--tenant", "beauty", "--from", "101", "--to", "84951234567", "--at", at, "--format", "json")
	require.Equal(t, exitOK, code, errs)
	var answer map[string]any
	require.NoError(t, json.Unmarshal([]byte(out), &answer))
	require.Equal(t, []string{"candidates", "from", "rule", "skipped", "to"}, keys(answer))
	require.Equal(t, "+74951234567", answer["to"])
	candidates, ok := answer["candidates"].([]any)
	require.True(t, ok)
	require.NotEmpty(t, candidates)
	first, ok := candidates[0].(map[string]any)
	require.True(t, ok)
	for _, key := range []string{"carrier", "gateway", "prefix", "rate", "cost", "sale", "margin", "to_sent", "from_sent"} {
		require.IsType(t, "", first[key], key)
	}

	again := file(t, "trace.json", out)
	code, table, errs := trunkline(t, "route", "--trace", again)
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, table, first["gateway"])
	require.Contains(t, table, "standard/russia")
}

func TestRouteTellsWhatIsSkippedAndRefused(t *testing.T) {
	t.Parallel()
	state := file(t, "state.json", `[{"gateway": "volga-1", "locked_until": "2026-11-02T10:00:30Z"}, {"gateway": "volga-2", "calls": 100}]`)
	call := []string{"route", "-f", demoOperator, "--tenant", "beauty", "--from", "121", "--to", "88431234567", "--at", "2026-11-02T10:00:00Z", "--format", "json"}
	code, out, errs := trunkline(t, append(call, "--state", state)...)
	require.Equal(t, exitPartial, code, "all gateways of Kazan are locked or full")
	require.Contains(t, errs, "capacity")
	var answer struct {
		Skipped []map[string]string `json:"skipped"`
		Refusal string              `json:"refusal"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &answer))
	require.Equal(t, "capacity", answer.Refusal)
	require.Equal(t, []map[string]string{
		{"carrier": "volga", "gateway": "volga-1", "reason": "locked", "detail": "until 2026-11-02T10:00:30Z"},
		{"carrier": "volga", "gateway": "volga-2", "reason": "capacity", "detail": "100 of 100 calls in progress"},
	}, answer.Skipped)

	for _, wrong := range [][]string{
		{"route", "-f", demoOperator, "--tenant", "nobody", "--to", "1"},
		{"route", "-f", demoOperator, "--tenant", "beauty", "--from", "101", "--to", "1", "--at", "yesterday"},
		{"route", "-f", demoOperator, "--tenant", "beauty", "--from", "101", "--to", "1", "--format", "xml"},
		{"route", "-f", demoOperator, "--tenant", "beauty"},
		{"route", "--trace", state, "--tenant", "beauty", "--to", "1"},
		{"route", "-f", "missing.yaml", "--tenant", "beauty", "--to", "1"},
	} {
		code, _, errs := trunkline(t, wrong...)
		require.Equal(t, exitUsage, code, "%v: %s", wrong, errs)
	}
}

func TestDialPlan(t *testing.T) {
	t.Parallel()
	code, out, errs := trunkline(t, "dialplan", "test", "-f", demoOperator, "--plan", "russia", "--area", "495", "84951234567", "1234567", "112")
	require.Equal(t, exitOK, code, errs)
	for _, want := range []string{"+74951234567", "+112, emergency", "does not match", "decides"} {
		require.Contains(t, out, want)
	}
	code, out, _ = trunkline(t, "dialplan", "test", "-f", demoOperator, "--plan", "russia", "--format", "json", "1234567")
	require.Equal(t, exitPartial, code, "the area is not known")
	var answers []struct {
		Dialled string
		Rules   []struct{ Problem string }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &answers))
	require.Equal(t, "the area of the caller is not known", answers[0].Rules[len(answers[0].Rules)-1].Problem)

	code, _, _ = trunkline(t, "dialplan", "test", "-f", demoOperator, "--plan", "nowhere", "1")
	require.Equal(t, exitUsage, code)
	code, _, _ = trunkline(t, "dialplan", "test", "-f", demoOperator, "--plan", "russia")
	require.Equal(t, exitUsage, code)
}
