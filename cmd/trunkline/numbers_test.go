package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/job"
)

// TestAPIAndPagesHideNumbers looks for the number that was called wherever somebody without calls:numbers may look.
func TestAPIAndPagesHideNumbers(t *testing.T) {
	t.Parallel()
	_, local, doors := house(t)
	const number, masked = "4915112345678", "491511234****"
	call := callOf(t, local, "acme")
	noc, olga := doors[access.NOC], doors[access.Operator]
	for path, shown := range map[string]bool{"/calls": true, "/calls/" + call: true, "/calls/" + call + "/messages": true, "/live-calls": false, "/status": false, "/dead": false} {
		got := string(noc.do(http.MethodGet, path, nil).body)
		require.NotContains(t, got, number, path)
		if shown {
			require.Contains(t, got, masked, path)
			require.Contains(t, string(olga.do(http.MethodGet, path, nil).body), number, path)
		}
	}
	for _, filter := range []string{number, "to:" + number, "to:%255678", "!from:" + number} { // Counting would tell.
		require.Equal(t, http.StatusForbidden, noc.do(http.MethodGet, "/calls?filter="+filter, nil).status, filter)
		require.Equal(t, http.StatusForbidden, noc.do(http.MethodGet, "/stats?filter="+filter, nil).status, filter)
		require.Equal(t, http.StatusForbidden, noc.do(http.MethodPost, "/calls/exports", map[string]string{"filter": filter, "format": "csv"}).status, filter)
	}
	require.Equal(t, http.StatusForbidden, noc.do(http.MethodGet, "/stats?by=called", nil).status)
	require.Contains(t, string(noc.do(http.MethodGet, "/calls?filter=to:491511%25", nil).body), masked, "how it begins may be asked")
	j := noc.begin("/calls/exports", map[string]any{"format": "csv", "attempts": true})
	noc.becomes(j.ID, job.Done)
	file := string(noc.do(http.MethodGet, "/jobs/"+j.ID+"/result", nil).body)
	require.Contains(t, file, masked)
	require.NotContains(t, file, number)

	nora := people(t, local)[access.NOC]
	for _, path := range []string{"/calls", "/calls?attempts=on", "/calls/" + call, "/calls.csv", "/live", "/", "/statistics"} {
		got := nora.send(http.MethodGet, local.base+path, "", nil)
		require.Equal(t, http.StatusOK, got.status, path)
		require.NotContains(t, string(got.body), number, path)
	}
	found := nora.send(http.MethodGet, local.base+"/find?q="+number, "", nil)
	require.Contains(t, found.header.Get("Location"), "filter=491511%25", "it is looked for as far as it is shown")
	require.Equal(t, http.StatusForbidden, nora.send(http.MethodGet, local.base+"/calls?filter="+number, "", nil).status)
}
