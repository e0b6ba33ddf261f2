package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/api"
	"trunkline/console/memory"
)

var example = sync.OnceValues(func() (*memory.Setup, error) { return memory.Example(context.Background()) })

// described is read once for all servers.
var described = sync.OnceValues(func() (*api.Description, error) { return api.Describe(context.Background()) })

// served is a server over a house in memory, with a key for each role.
type served struct {
	*memory.House

	t       *testing.T
	answers *answers
	address string
	keys    map[access.Role]string
}

func serve(t *testing.T) *served {
	t.Helper()
	setup, err := example()
	require.NoError(t, err)
	s := &served{House: memory.New(setup), t: t, answers: &answers{kept: make(map[string]api.StoredResponse)}, keys: make(map[access.Role]string)}
	t.Cleanup(s.Desk.Close)
	for _, role := range access.Roles() {
		u := access.User{Login: strings.ReplaceAll(string(role), "_", "-"), Role: role}
		if role.OfTenant() {
			u.Tenant = "acme"
		}
		if role == access.BranchManager {
			u.Branch = "berlin"
		}
		require.NoError(t, s.Gate.Add(t.Context(), u))
		var scopes []access.Permission
		for _, p := range access.Permissions() {
			if role.May(p) {
				scopes = append(scopes, p)
			}
		}
		s.keys[role], _, err = s.Gate.NewKey(t.Context(), u.Login, "test", scopes, time.Time{})
		require.NoError(t, err)
	}
	description, err := described()
	require.NoError(t, err)
	server, err := api.Open(t.Context(), api.Options{
		Description: description,
		Listen:      "127.0.0.1:0", Console: s.Console, Gate: s.Gate, Idempotency: s.answers, LocalKey: "local-key", Metrics: prometheus.NewRegistry(), Clock: s.Clock, Log: slog.New(slog.DiscardHandler),
		Health: []api.Check{{Name: "postgres", Probe: func(context.Context) error { return nil }}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	s.address = "http://" + server.Addr()
	return s
}

// request is what is asked, and answer what comes back.
type request struct {
	method, path string
	as           access.Role // Empty: nobody.
	body         string
	headers      map[string]string
}

type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

func (s *served) ask(r request) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), r.method, s.address+r.path, strings.NewReader(r.body))
	require.NoError(s.t, err)
	if r.as != "" {
		req.Header.Set("Authorization", "Bearer "+s.keys[r.as])
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range r.headers {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	a := answer{status: res.StatusCode, header: res.Header, text: string(text)}
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		require.NoError(s.t, json.Unmarshal(text, &a.body), a.text)
	}
	return a
}

// answers keep what was answered, in memory.
type answers struct {
	mu   sync.Mutex
	kept map[string]api.StoredResponse
	down error // What every question fails with; nil: nothing.
}

// Claim implements api.Answers.
func (a *answers) Claim(_ context.Context, who, key string, request []byte) (api.StoredResponse, bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.down != nil {
		return api.StoredResponse{}, false, a.down
	}
	was, ok := a.kept[who+" "+key]
	if !ok {
		a.kept[who+" "+key] = api.StoredResponse{Request: bytes.Clone(request)}
	}
	return was, !ok, nil
}

// Answer implements api.Answers.
func (a *answers) Answer(_ context.Context, who, key string, was api.StoredResponse) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if was.Status == 0 {
		delete(a.kept, who+" "+key)
		return nil
	}
	was.Request = a.kept[who+" "+key].Request
	a.kept[who+" "+key] = was
	return nil
}
