//go:build kill

package main

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/app/backups"
	"trunkline/internal/clock"
	"trunkline/sipproxy/agent"
)

// suspend stops every process of PostgreSQL for a while, as a machine does that is paused.
func (f *fleet) suspend(d time.Duration) {
	pattern := filepath.Join(f.dir, "var", "postgres", "data")
	signal := func(name string) {
		// The backends are children of the postmaster, whose command line has the folder.
		_ = exec.CommandContext(f.t.Context(), "bash", "-c", `p=$(pgrep -f -- "-D $0" | head -1); [ -n "$p" ] && kill -`+name+` $p $(pgrep -P $p)`, pattern).Run()
	}
	signal("STOP")
	_ = clock.Sleep(f.t.Context(), clock.System{}, d)
	signal("CONT")
}

// drain waits until what the phones did has been accounted for: what is on a topic that is thrown away is lost.
func (f *fleet) drain() {
	f.kill("sipproxy")
	f.start("sipproxy") // Its spool is sent.
	require.Eventually(f.t, func() bool {
		_, out := f.run("doctor")
		return regexp.MustCompile(`batches +0 on their way`).MatchString(out)
	}, time.Minute, 500*time.Millisecond)
	require.NoError(f.t, clock.Sleep(f.t.Context(), clock.System{}, 2*time.Second))
}

// putBack restores one store from a set while everything stands, and starts everything again.
func (f *fleet) putBack(set, store string) {
	f.t.Helper()
	for _, name := range []string{"sipproxy", "worker", "engines"} {
		f.kill(name)
	}
	require.Eventually(f.t, func() bool { // What is left of the killed engines lets go of the folder in a moment.
		code, out := f.run("restore", set, "--only", store)
		if code != 0 {
			f.t.Logf("restore of %s: %s", store, out)
		}
		return code == 0
	}, time.Minute, time.Second)
	f.revive("engines")
	f.revive("worker")
	f.revive("sipproxy")
}

// closeIncidents says of topics that were made anew that nothing unread was on the former ones.
func (f *fleet) closeIncidents() {
	_, out := f.run("doctor")
	for _, found := range regexp.MustCompile(`incident (\d+) +\S+ topic_`).FindAllStringSubmatch(out, -1) {
		f.run("doctor", "close", found[1], "--reason", "it was read before")
	}
}

// TestWorldMisbehaves kills, pauses and restores at random under load, round after round (TRUNKLINE_KILL_ROUNDS of them): stores are put
// back one at a time from an older set than the others. In the end every call that a phone saw answered is there once, and all sums agree.
func TestWorldMisbehaves(t *testing.T) {
	rounds := 4
	if text := os.Getenv("TRUNKLINE_KILL_ROUNDS"); text != "" {
		var err error
		rounds, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	seed := uint64(clock.System{}.Now().UnixNano())
	if text := os.Getenv("TRUNKLINE_KILL_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("TRUNKLINE_KILL_SEED=%d", seed)
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200, Talk: 700 * time.Millisecond}) // It hangs up also on a phone that is gone.
	beta := carrier(t, "beta", agent.Behaviour{Status: 486, NoRing: true})
	f := newFleet(t, alfa, beta)
	f.random = rand.New(rand.NewPCG(seed, 5))
	var answered atomic.Int64
	load := func() (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for i := range 6 {
			p, account := phone(t), f.account([]string{"acme-101", "acme-103"}[i%2])
			group.Go(func() {
				for ctx.Err() == nil {
					one, end := context.WithTimeout(ctx, 10*time.Second)
					out, err := p.Dial(one, account, agent.Call{To: "+49301234567", GiveUp: 3 * time.Second, Talk: 300 * time.Millisecond})
					end()
					if err == nil && out.Status == 200 {
						answered.Add(1)
					} else {
						_ = clock.Sleep(ctx, clock.System{}, 50*time.Millisecond)
					}
				}
			})
		}
		return func() { cancel(); group.Wait() }
	}
	set, done := "", make(map[string]int)
	for round := range rounds {
		stop := load()
		require.NoError(t, clock.Sleep(t.Context(), clock.System{}, time.Duration(500+f.random.IntN(2000))*time.Millisecond))
		if set == "" || f.random.IntN(3) == 0 {
			set = filepath.Join(f.dir, "set-"+strconv.Itoa(round))
			f.must("backup", set)
		}
		switch f.random.IntN(4) {
		case 0:
			f.suspend(3 * time.Second)
			done["paused"]++
		default:
			done["killed "+f.strike()]++
		}
		require.NoError(t, clock.Sleep(t.Context(), clock.System{}, time.Duration(500+f.random.IntN(2000))*time.Millisecond))
		stop()
		store := backups.Stores()[f.random.IntN(3)]
		if f.broker != "" || store == "kafka" {
			f.drain()
		}
		f.putBack(set, store)
		done["restored "+store]++
	}
	t.Logf("%v; %d calls were answered", done, answered.Load())
	require.Positive(t, answered.Load())
	f.closeIncidents()
	f.reckon(answered.Load())
}
