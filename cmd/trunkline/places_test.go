package main

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"trunkline/app/engine"
	"trunkline/sipproxy/agent"
)

// beside starts one more proxy on the engines of a system, and waits until it serves. Started again it has the same address
// and the same data.
func (s *site) beside(b *site) *site {
	s.t.Helper()
	if b == nil {
		var found engine.Addresses
		text, err := os.ReadFile(filepath.Join(s.dir, "var", "engines.json"))
		require.NoError(s.t, err)
		require.NoError(s.t, json.Unmarshal(text, &found))
		b = &site{t: s.t, dir: s.t.TempDir(), sip: netip.MustParseAddrPort(freeAddress(s.t, "udp"))}
		b.env = append(append([]string{}, s.env...), "TRUNKLINE_DATA="+b.dir, "TRUNKLINE_NODE=other", "TRUNKLINE_HTTP_LISTEN=127.0.0.1:0",
			"TRUNKLINE_SIP_LISTEN=udp/"+b.sip.String()+",tcp/"+b.sip.String(), "TRUNKLINE_POSTGRES_DSN="+found.Postgres,
			"TRUNKLINE_CLICKHOUSE_DSN="+found.ClickHouse, "TRUNKLINE_KAFKA_BROKERS="+strings.Join(found.Kafka, ","))
	}
	exe, err := os.Executable()
	require.NoError(s.t, err)
	b.output = &bytes.Buffer{}
	b.process = exec.Command(exe, "sipproxy")
	both := &lockedWriter{b: b.output}
	b.process.Env, b.process.Stdout, b.process.Stderr = b.env, both, both
	require.NoError(s.t, b.process.Start())
	s.t.Cleanup(b.kill)
	require.Eventually(s.t, func() bool {
		status, err := phone(s.t).Register(s.t.Context(), b.account("poor-201"), 60)
		return err == nil && status == 200
	}, 30*time.Second, 100*time.Millisecond)
	return b
}

// TestSystemHasOnePlaceOnTwoProxies: a client with one call at a time calls thirty times at once over two proxies. A proxy
// that is killed keeps its place until it is back and the call is over.
func TestSystemHasOnePlaceOnTwoProxies(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, alfa.Addr().String(), alfa.Addr().String(), "100")
	file := filepath.Join(s.dir, "operator.yaml")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, bytes.Replace(text, []byte("  - id: poor\n"), []byte("  - id: poor\n    max_calls: 1\n"), 1), 0o600))
	s.start()
	s.apply()
	b := s.beside(nil)

	var answered, full atomic.Int32
	var calls sync.WaitGroup
	for i := range 30 {
		from := phone(t)
		account := []*site{s, b}[i%2].account("poor-201")
		calls.Go(func() {
			out, err := from.Dial(t.Context(), account, agent.Call{To: "+4930123456", Talk: 5 * time.Second})
			switch {
			case err != nil:
				t.Error(err)
			case out.Status == 200:
				answered.Add(1)
			case out.Status == 486:
				full.Add(1)
			}
		})
	}
	calls.Wait()
	require.Equal(t, int32(1), answered.Load())
	require.Equal(t, int32(29), full.Load())

	dial := func(at *site, c agent.Call) int {
		c.To = "+4930123456"
		out, err := phone(t).Dial(t.Context(), at.account("poor-201"), c)
		assert.NoError(t, err)
		return out.Status
	}
	free := func(at *site) func() bool {
		return func() bool { return dial(at, agent.Call{Talk: 10 * time.Millisecond}) == 200 }
	}
	require.Eventually(t, free(s), 10*time.Second, 20*time.Millisecond)
	require.Eventually(t, free(b), 10*time.Second, 20*time.Millisecond)
	require.Eventually(t, func() bool {
		return dial(b, agent.Call{Talk: 500 * time.Millisecond, OnAnswer: func() {
			b.kill()
			assert.Equal(t, 486, dial(s, agent.Call{}), "its call goes on")
			s.beside(b)
		}}) == 200
	}, 10*time.Second, 20*time.Millisecond)
	require.Eventually(t, free(s), 10*time.Second, 20*time.Millisecond)
	s.sums()
}
