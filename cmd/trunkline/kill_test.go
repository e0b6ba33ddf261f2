//go:build kill

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"trunkline/app/engine"
	"trunkline/internal/clock"
	"trunkline/internal/money"
	"trunkline/sipproxy/agent"
)

// fleet is a system in processes of their own: one that has the engines, a proxy, and a worker.
type fleet struct {
	*site

	random  *rand.Rand
	members map[string]*member
	broker  string // Brokers that are not ours; empty: the engines' process has one.
}

// member is one process, with what it runs with.
type member struct {
	args   []string
	env    []string
	cmd    *exec.Cmd
	output bytes.Buffer
}

func (f *fleet) start(name string) {
	f.t.Helper()
	exe, err := os.Executable()
	require.NoError(f.t, err)
	m := f.members[name]
	m.cmd = exec.Command(exe, m.args...)
	w := &lockedWriter{b: &m.output}
	m.cmd.Env, m.cmd.Stdout, m.cmd.Stderr = m.env, w, w
	require.NoError(f.t, m.cmd.Start())
}

// kill ends a process as a power cut would.
func (f *fleet) kill(name string) {
	m := f.members[name]
	if m.cmd == nil || m.cmd.ProcessState != nil {
		return
	}
	_ = m.cmd.Process.Kill()
	_ = m.cmd.Wait()
}

func newFleet(t *testing.T, carriers ...*agent.Agent) *fleet {
	t.Helper()
	f := &fleet{site: newSite(t, carriers[0].Addr().String(), carriers[1].Addr().String(), "4"), members: make(map[string]*member)}
	f.broker = os.Getenv("TRUNKLINE_TEST_KAFKA")
	postgres, clickhouse, kafka := port(t), port(t), port(t)
	engines := append([]string{}, f.env...)
	engines = append(engines, "TRUNKLINE_POSTGRES_PORT="+postgres, "TRUNKLINE_CLICKHOUSE_PORT="+clickhouse, "TRUNKLINE_KAFKA_PORT="+kafka)
	if f.broker != "" {
		engines = append(engines, "TRUNKLINE_KAFKA_BROKERS="+f.broker)
	}
	f.env = engines
	f.members["engines"] = &member{args: []string{"api", "--embedded"}, env: engines}
	f.start("engines")
	t.Cleanup(func() {
		for name, m := range f.members {
			f.kill(name)
			if t.Failed() {
				t.Logf("%s: %s", name, tail(m.output.String(), 3000))
			}
		}
	})
	var found engine.Addresses
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(filepath.Join(f.dir, "var", "engines.json"))
		return err == nil && json.Unmarshal(text, &found) == nil
	}, time.Minute, 100*time.Millisecond)
	outside := []string{
		"TRUNKLINE_POSTGRES_DSN=" + found.Postgres, "TRUNKLINE_CLICKHOUSE_DSN=" + found.ClickHouse,
		"TRUNKLINE_KAFKA_BROKERS=" + strings.Join(found.Kafka, ","),
	}
	for _, name := range []string{"sipproxy", "worker"} {
		env := append(append([]string{}, engines...), outside...)
		env = append(env, "TRUNKLINE_HTTP_LISTEN=127.0.0.1:0")
		f.members[name] = &member{args: []string{name, "--data", filepath.Join(f.dir, name)}, env: env}
	}
	require.Eventually(t, func() bool { code, _ := f.run("migrate"); return code == 0 }, time.Minute, 200*time.Millisecond)
	f.must("apply", "-f", filepath.Join(f.dir, "operator.yaml"))
	f.start("worker")
	f.start("sipproxy")
	return f
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// port returns a free port below those that the kernel gives to clients.
func port(t *testing.T) string {
	t.Helper()
	_, p, ok := strings.Cut(freeAddress(t, "tcp"), ":")
	require.True(t, ok)
	return p
}

// killEngine kills a child of the process that has the engines; that one starts it again.
func (f *fleet) killEngine(word string) {
	parent := strconv.Itoa(f.members["engines"].cmd.Process.Pid)
	entries, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(f.t, err)
	for _, stat := range entries {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue
		}
		_, rest, _ := bytes.Cut(text, []byte(") "))
		fields := strings.Fields(string(rest))
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(stat), "cmdline"))
		if len(fields) < 2 || fields[1] != parent || !bytes.Contains(line, []byte(word)) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		require.NoError(f.t, err)
		process, err := os.FindProcess(pid)
		require.NoError(f.t, err)
		_ = process.Kill()
		return
	}
	f.t.Logf("no child of the engines is a %s at the moment", word)
}

// revive starts a process and sees to it that it stays, as a supervisor would: one that finds a port taken by what is left of
// the killed one ends, and is started again.
func (f *fleet) revive(name string) {
	f.t.Helper()
	f.start(name)
	m := f.members[name]
	for range 30 {
		require.NoError(f.t, clock.Sleep(f.t.Context(), clock.System{}, 100*time.Millisecond))
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.cmd.Process.Pid))
		require.NoError(f.t, err)
		if _, state, _ := bytes.Cut(text, []byte(") ")); bytes.HasPrefix(state, []byte("Z")) {
			f.t.Logf("%s ended by itself and is started again: %s", name, tail(m.output.String(), 300))
			_ = m.cmd.Wait()
			f.start(name)
		}
	}
}

// strike kills one of the five, at random, and sees to it that it comes back.
func (f *fleet) strike() string {
	victims := []string{"sipproxy", "worker", "broker", "postgres", "clickhouse"}
	victim := victims[f.random.IntN(len(victims))]
	switch victim {
	case "postgres", "clickhouse":
		f.killEngine(victim)
	case "broker":
		if f.broker != "" {
			out, err := exec.CommandContext(f.t.Context(), "bash", "-c", os.Getenv("TRUNKLINE_TEST_KAFKA_RESTART")).CombinedOutput()
			require.NoError(f.t, err, string(out))
			break
		}
		f.kill("engines") // With the broker die the other engines.
		f.revive("engines")
	default:
		f.kill(victim)
		require.NoError(f.t, clock.Sleep(f.t.Context(), clock.System{}, time.Duration(f.random.IntN(800))*time.Millisecond))
		f.start(victim)
	}
	return victim
}

// TestKilledTwentyTimes kills proxy, worker, broker, PostgreSQL and ClickHouse at random moments under load, twenty times. In
// the end every call that a phone saw answered is there once, ledger and calls agree, nobody is past his money, and nothing
// is held any more.
func TestKilledTwentyTimes(t *testing.T) {
	seed := uint64(clock.System{}.Now().UnixNano())
	if text := os.Getenv("TRUNKLINE_KILL_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("TRUNKLINE_KILL_SEED=%d", seed)
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200, Talk: 700 * time.Millisecond})
	beta := carrier(t, "beta", agent.Behaviour{Status: 486, NoRing: true})
	f := newFleet(t, alfa, beta)
	f.random = rand.New(rand.NewPCG(seed, 4))
	var answered atomic.Int64
	load, stop := context.WithCancel(t.Context())
	defer stop()
	var group sync.WaitGroup
	for i := range 10 {
		p, account := phone(t), f.account([]string{"acme-101", "acme-103", "poor-201"}[i%3])
		group.Go(func() {
			for load.Err() == nil {
				ctx, cancel := context.WithTimeout(load, 10*time.Second)
				out, err := p.Dial(ctx, account, agent.Call{To: "+49301234567", GiveUp: 3 * time.Second, Talk: time.Second})
				cancel()
				if err == nil && out.Status == 200 {
					answered.Add(1)
				} else {
					_ = clock.Sleep(load, clock.System{}, 50*time.Millisecond) // Nobody is there to refuse it either.
				}
			}
		})
	}
	struck := make(map[string]int)
	for range 20 {
		require.NoError(t, clock.Sleep(t.Context(), clock.System{}, time.Duration(500+f.random.IntN(4000))*time.Millisecond))
		struck[f.strike()]++
	}
	require.NoError(t, clock.Sleep(t.Context(), clock.System{}, 3*time.Second))
	stop()
	group.Wait()
	t.Logf("killed %v; %d calls were answered", struck, answered.Load())
	require.Positive(t, answered.Load())
	f.reckon(answered.Load())
}

// reckon checks the sums when all has come to rest.
func (f *fleet) reckon(answered int64) {
	f.t.Helper()
	var last string
	settled := assert.Eventually(f.t, func() bool {
		code, out := f.run("doctor")
		last = out
		var accounts []map[string]string
		c, text := f.run("account", "list", "--format", "json")
		if code != 0 || c != 0 || json.Unmarshal([]byte(text), &accounts) != nil {
			return false
		}
		for _, a := range accounts {
			last = fmt.Sprint(out, a)
			if a["held_for_calls"] != "0" {
				return false
			}
			left, err := money.ParseAmount(a["left"])
			require.NoError(f.t, err)
			require.GreaterOrEqual(f.t, left.Sign(), 0, "%s is past its money", a["account"])
		}
		return f.answeredLegs() >= answered
	}, 3*time.Minute, time.Second)
	if !settled {
		_, nodes := f.run("node", "list")
		_, events := f.run("node", "events")
		_, status := f.run("status", "--data", filepath.Join(f.dir, "sipproxy"))
		f.t.Log(nodes, events, status)
	}
	require.True(f.t, settled, "%d calls answered, %d in the records\n%s", answered, f.answeredLegs(), last)
}

// answeredLegs is how many calls were answered, as the records say; each is there once, or doctor would tell.
func (f *fleet) answeredLegs() int64 {
	var rows []map[string]string
	code, out := f.run("report", "cdr", "--answered", "--format", "json", "--limit", "10000")
	if code != 0 || json.Unmarshal([]byte(out), &rows) != nil {
		return 0
	}
	var n int64
	for _, r := range rows {
		if r["kind"] == "ingress" {
			n++
		}
	}
	return n
}
