package sipproxy_test

import (
	"context"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/internal/faultfs"
	"trunkline/routing"
	"trunkline/sipproxy"
	"trunkline/sipproxy/agent"
)

// manual lets the proxy live by a clock that moves only when it is told to.
func (w *world) manual() *clock.Manual {
	c := clock.NewManual(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	w.clock = c
	return c
}

// begin places a call that stays, and returns when it is answered and acknowledged.
func (w *world) begin(phone *agent.Agent) (outcome <-chan agent.Outcome, hangUp func()) {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.t.Context())
	answered, done := make(chan struct{}), make(chan agent.Outcome, 1)
	go func() {
		out, _ := phone.Dial(ctx, w.account("anna"), agent.Call{To: "74951234567", OnAnswer: func() { close(answered) }})
		done <- out
	}()
	select {
	case <-answered:
	case out := <-done:
		require.Failf(w.t, "the call was not answered", "status %d", out.Status)
	}
	w.acknowledged()
	return done, stop
}

func (w *world) state() string {
	w.t.Helper()
	live, err := w.proxy.Live(w.t.Context())
	require.NoError(w.t, err)
	if len(live) == 0 {
		return ""
	}
	return live[0].State
}

// TestOutageIsNoTalk: the proxy is killed right after the answer, and when it is back both ends are gone. What is charged is what was
// heard.
func TestOutageIsNoTalk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.manual()
	w.extension("anna")
	callee := w.carrier("alfa", agent.Behaviour{Status: 200})
	w.grants = []sipproxy.Grant{{Granted: time.Minute}}
	w.open()
	phone := w.agent("phone")
	_, hangUp := w.begin(phone)
	c.Advance(100 * time.Millisecond)
	callee.Close()
	phone.Close()
	hangUp()
	require.NoError(t, w.proxy.Close())
	c.Advance(time.Hour)
	w.open()
	require.Equal(t, "answered", w.state())
	require.Eventually(t, func() bool { c.Advance(time.Second); return w.proxy.InProgress() == 0 }, 10*time.Second, time.Millisecond)
	for _, leg := range w.record() {
		require.LessOrEqual(t, leg.Duration(), 100*time.Millisecond, leg.Kind)
		require.False(t, leg.Connect.IsZero())
	}
}

// TestTalkGoesOnOverAnOutage: both ends are there when the proxy is back, so they have talked meanwhile.
func TestTalkGoesOnOverAnOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.manual()
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.open()
	done, _ := w.begin(w.agent("phone"))
	c.Advance(10 * time.Second)
	require.NoError(t, w.proxy.Close())
	c.Advance(10 * time.Minute)
	w.open()
	w.acknowledged() // The ends have answered that they are there.
	live, err := w.proxy.Live(t.Context())
	require.NoError(t, err)
	c.Advance(5 * time.Second)
	_, err = w.proxy.Drop(t.Context(), live[0].ID, "test")
	require.NoError(t, err)
	require.True(t, (<-done).ByCallee)
	for _, leg := range w.record() {
		require.Equal(t, 10*time.Minute+15*time.Second, leg.Duration())
	}
}

// TestOverIsOver: an attempt at a carrier that never says its last word keeps the record of a call waiting. Killed meanwhile, the call
// does not come back: it is recorded as it ended.
func TestOverIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	deaf := w.deaf("deaf")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.cfg.ProgressTime = 100 * time.Millisecond
	w.open()
	out := w.dial(w.agent("phone"), agent.Call{To: "74951234567", Talk: 200 * time.Millisecond})
	require.Equal(t, 200, out.Status)
	require.Positive(t, deaf.heard())
	require.Eventually(t, func() bool { return w.state() == "" }, 5*time.Second, time.Millisecond, "it is over")
	require.Empty(t, w.legs, "the carrier may still say that it was answered")
	require.Eventually(t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.ended) == 1
	}, 5*time.Second, time.Millisecond, "the place is free at once")
	w.restart()
	legs := w.record()
	require.Len(t, legs, 3)
	require.Equal(t, cdr.SideCaller, legs[0].ReleasedBy)
	require.Less(t, legs[0].Duration(), 5*time.Second)
	require.Equal(t, legs[0].Disconnect, legs[2].Disconnect)
	require.Equal(t, "stalled", legs[1].Reason)
	require.Zero(t, w.proxy.InProgress())
}

// TestPhoneThatIsGone: of two phones that ring one is dead. The call is recorded as soon as it is over.
func TestPhoneThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.extension("boris")
	w.route = func(c routing.Caller, dialled string) *routing.Route {
		return &routing.Route{
			Direction: calls.Internal, Tenant: c.Tenant, Extension: c.Extension,
			Targets: []routing.Target{{Login: dialled, Extension: dialled, ToSent: dialled, FromSent: c.Extension}},
		}
	}
	w.open()
	gone := w.agent("gone")
	status, err := gone.Register(t.Context(), w.account("boris"), 60)
	require.NoError(t, err)
	require.Equal(t, 200, status)
	gone.Close()
	w.phone("boris", agent.Behaviour{Status: 200})
	out := w.dial(w.agent("phone"), agent.Call{To: "boris", Talk: 200 * time.Millisecond})
	require.Equal(t, 200, out.Status)
	before := clock.System{}.Elapsed()
	legs := w.record()
	require.Less(t, clock.System{}.Elapsed()-before, 20*time.Second, "nobody waits for the last answer of a phone that is gone")
	require.Len(t, legs, 3)
	require.Zero(t, w.proxy.InProgress())
	w.restart()
	require.Zero(t, w.proxy.InProgress())
}

// TestSteps sets the wall before, in and after calls, with restarts between: no duration and no order changes.
func TestSteps(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{"back": -2 * time.Minute, "far back": -48 * time.Hour, "on": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c := w.manual()
			w.extension("anna")
			w.carrier("alfa", agent.Behaviour{Status: 200})
			w.open()
			done, _ := w.begin(w.agent("phone"))
			c.Advance(20 * time.Second)
			c.Set(step)
			c.Advance(20 * time.Second)
			w.restart()
			w.acknowledged()
			c.Set(step)
			c.Advance(20 * time.Second)
			live, err := w.proxy.Live(t.Context())
			require.NoError(t, err)
			require.Len(t, live, 1)
			_, err = w.proxy.Drop(t.Context(), live[0].ID, "test")
			require.NoError(t, err)
			<-done
			for _, leg := range w.record() {
				require.Equal(t, time.Minute, leg.Duration())
				require.False(t, leg.Connect.Before(leg.Setup))
			}
		})
	}
}

// rebooted is a clock of a machine that was started anew.
type rebooted struct{ clock.Clock }

func (rebooted) Boot() string             { return "another" }
func (r rebooted) Elapsed() time.Duration { return r.Clock.Elapsed() % time.Minute }

// TestRebootWithAClockThatIsBehind: after the death of the machine the wall may be anything. A call does not end before it was heard.
func TestRebootWithAClockThatIsBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.manual()
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.open()
	done, hangUp := w.begin(w.agent("phone"))
	defer hangUp()
	require.NoError(t, w.proxy.Close())
	c.Set(-time.Hour)
	w.clock = rebooted{c}
	w.open()
	w.acknowledged()
	live, err := w.proxy.Live(t.Context())
	require.NoError(t, err)
	_, err = w.proxy.Drop(t.Context(), live[0].ID, "test")
	require.NoError(t, err)
	<-done
	for _, leg := range w.record() {
		require.GreaterOrEqual(t, leg.Duration(), time.Duration(0))
		require.Less(t, leg.Duration(), time.Minute)
	}
}

// TestCutIsCountedFromTheConnection: a grant that grows while the call runs counts from its beginning.
func TestCutIsCountedFromTheConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.manual()
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.grants = []sipproxy.Grant{{Granted: time.Minute}, {Granted: 3 * time.Minute, Final: true}}
	w.open()
	done, _ := w.begin(w.agent("phone"))
	c.Advance(50 * time.Second)
	require.Eventually(t, func() bool {
		live, err := w.proxy.Live(t.Context())
		return err == nil && len(live) == 1 && live[0].Granted == 3*time.Minute
	}, 10*time.Second, time.Millisecond)
	c.Advance(3*time.Minute - 50*time.Second - time.Millisecond)
	require.Equal(t, "answered", w.state())
	c.Advance(time.Millisecond)
	require.Empty(t, w.state(), "its time is used up")
	require.True(t, (<-done).ByCallee)
	legs := w.record()
	require.Equal(t, cdr.SideLimit, legs[0].ReleasedBy)
	require.Equal(t, 3*time.Minute, legs[0].Duration())
}

// TestFullDisk: no call that costs money begins without a journal; emergency calls and those in the house do, those in progress end and
// are recorded, and all is well again by itself.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(d *faultfs.Disk){
		"full":    func(d *faultfs.Disk) { d.Bound(0) },
		"failing": func(d *faultfs.Disk) { d.Break(syscall.EIO) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d := faultfs.New()
			w.disk = d
			var err error
			w.room, err = disk.OpenReserve(d, w.cfg.StateDir+"/reserve", 1<<20)
			require.NoError(t, err)
			w.extension("anna")
			w.carrier("alfa", agent.Behaviour{Status: 200})
			w.route = func(c routing.Caller, dialled string) *routing.Route {
				r := w.toAll(c, dialled)
				if dialled == "112" {
					r.Emergency = true
				}
				return r
			}
			w.open()
			require.NoError(t, w.proxy.JournalErr())
			phone, second := w.agent("phone"), w.agent("second")
			done, _ := w.begin(phone)
			harm(d)
			out := w.dial(second, agent.Call{To: "74951234568", Talk: time.Millisecond})
			if out.Status == 200 { // The first one notices.
				out = w.dial(second, agent.Call{To: "74951234568", Talk: time.Millisecond})
			}
			require.Equal(t, 503, out.Status)
			require.Error(t, w.proxy.JournalErr())
			require.Positive(t, counted(t, w.metrics, "trunkline_calls_refused_total", "journal"))
			out = w.dial(second, agent.Call{To: "112", Talk: time.Millisecond})
			require.Equal(t, 200, out.Status)
			require.Eventually(t, func() bool { return w.proxy.InProgress() == 1 }, 5*time.Second, time.Millisecond)
			live, err := w.proxy.Live(t.Context())
			require.NoError(t, err)
			require.Len(t, live, 1)
			_, err = w.proxy.Drop(t.Context(), live[0].ID, "test")
			require.NoError(t, err)
			<-done
			w.has(func(leg *cdr.Leg) bool { return leg.Call == live[0].ID })
			d.Break(nil)
			d.Bound(-1)
			require.Eventually(t, func() bool { return w.proxy.JournalErr() == nil }, 10*time.Second, 10*time.Millisecond)
			w.has(func(leg *cdr.Leg) bool { return leg.Reason == "journal" })
			out = w.dial(second, agent.Call{To: "74951234568", Talk: time.Millisecond})
			require.Equal(t, 200, out.Status)
		})
	}
}

// has waits until a leg is recorded.
func (w *world) has(what func(*cdr.Leg) bool) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.ContainsFunc(w.legs, what)
	}, 10*time.Second, time.Millisecond)
}

// counted is that of a metric with a label.
func counted(t *testing.T, r *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := r.Gather()
	require.NoError(t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

// TestOrderOfHolds: what the proxy says about the ledger's holds never covers that of a call that is not recorded, whatever its clock says.
func TestOrderOfHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.open()
	require.Equal(t, int64(-1), w.proxy.Clean(), "the ledger was not heard yet")
	w.proxy.Told(10)
	require.Equal(t, int64(10), w.proxy.Clean())
	done, _ := w.begin(w.agent("phone"))
	w.proxy.Told(20)
	require.Equal(t, int64(10), w.proxy.Clean())
	w.restart()
	w.proxy.Told(30)
	require.Equal(t, int64(-1), w.proxy.Clean(), "of a call of an earlier life nothing is known")
	live, err := w.proxy.Live(t.Context())
	require.NoError(t, err)
	_, err = w.proxy.Drop(t.Context(), live[0].ID, "test")
	require.NoError(t, err)
	<-done
	w.record()
	require.Eventually(t, func() bool { return w.proxy.Clean() == 30 }, 10*time.Second, time.Millisecond)
	w.proxy.Unsure()
	require.Equal(t, int64(-1), w.proxy.Clean())
}

// TestHalt refuses what costs money, for as long as it is told to.
func TestHalt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.open()
	w.proxy.Halt("node")
	phone := w.agent("phone")
	require.Equal(t, 503, w.dial(phone, agent.Call{To: "74951234567", Talk: time.Millisecond}).Status)
	w.proxy.Halt("")
	require.Equal(t, 200, w.dial(phone, agent.Call{To: "74951234567", Talk: time.Millisecond}).Status)
	w.has(func(leg *cdr.Leg) bool { return leg.Reason == "node" })
}

// TestLentIsNotBounded: a call that was let pass without the ledger is charged by what it lasted, not by what may be held for it because an
// answer was lost; when the ledger has answered again, it is.
func TestLentIsNotBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.extension("anna")
	w.carrier("alfa", agent.Behaviour{Status: 200})
	w.grants = []sipproxy.Grant{{Granted: time.Minute, Lent: true, Final: true}, {Granted: time.Minute}}
	w.open()
	phone := w.agent("phone")
	w.dial(phone, agent.Call{To: "74951234567", Talk: 50 * time.Millisecond, OnAnswer: func() {
		w.acknowledged()
		w.restart()
	}})
	require.False(t, w.record()[0].Reserved)
	w.dial(phone, agent.Call{To: "74951234567", Talk: time.Millisecond})
	require.True(t, w.record()[0].Reserved)
}
