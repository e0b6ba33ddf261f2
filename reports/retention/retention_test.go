package retention_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/cdr/importer"
	"trunkline/reports/retention"
	"trunkline/sql/postgres"
)

const (
	person = "4915112345678" // Who asks to be erased.
	wanted = "4930999999999" // Whom a hold is on.
)

var errKilled = errors.New("killed")

// killed is a store of calls and a log that end the process now and then, before or after they did what they were told.
type killed struct {
	retention.CallStore
	retention.Log
	random *rand.Rand
}

func (k *killed) die(do func() error) error {
	switch k.random.IntN(4) {
	case 0:
		return errKilled
	case 1:
		return errors.Join(do(), errKilled)
	}
	return do()
}

func (k *killed) Retire(ctx context.Context, id int64, p retention.Part, f retention.Figures) error {
	return k.die(func() error { return k.CallStore.Retire(ctx, id, p, f) })
}

func (k *killed) Begin(ctx context.Context, e retention.Entry) (id int64, err error) {
	err = k.die(func() error { id, err = k.Log.Begin(ctx, e); return err })
	return id, err
}

func (k *killed) End(ctx context.Context, id int64) error {
	return k.die(func() error { return k.Log.End(ctx, id) })
}

func (k *killed) Discard(ctx context.Context, id int64) error {
	return k.die(func() error { return k.Log.Discard(ctx, id) })
}

// TestNothingIsLost runs retention with holds that come and go, killed time and again, and a late batch, then erases a person: what
// was dropped is in the archives, once; what is held or cannot go yet is there; sums of ledger and statistics are what they were.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		w := newWorld(t, seed)
		for n := range 10 {
			var legs []cdr.Leg
			for range 12 {
				legs = append(legs, w.call(n)...)
			}
			w.post(legs)
		}
		w.close(day(7)) // Days 7 to 9 are open.
		// A leg of day 2 is not rated; a re-rate of day 4 has not ended.
		w.exec(`INSERT INTO dead_leg (tenant, slot, reason, detail, message, batch, died_at) VALUES ('acme', $1, 'no_rate', 'x', 'y', 1, $1)`, day(2).Add(time.Hour))
		w.exec(`INSERT INTO rerate (scope, from_slot, till_slot, reason, done_by, begun_at) VALUES ('x', $1, $2, 'x', 'x', $1)`, day(4), day(5))
		before := w.sums()
		w.agree()

		rules := retention.Rules{Calls: mustSpan("10d")} // Days 0 to 8 are old.
		r := w.runner(rules)
		k := &killed{CallStore: w.calls, Log: w.keep, random: rand.New(rand.NewPCG(seed, 2))}
		r.Calls, r.Log = k, k
		w.hold(t.Context(), retention.Hold{Tenant: "beta"})
		for tries := 0; ; tries++ {
			require.Less(t, tries, 200)
			err := r.Run(t.Context())
			w.kept(k.random)
			require.Equal(t, before, w.sums())
			if err == nil {
				break
			}
			require.ErrorIs(t, err, errKilled)
		}
		there, archived := w.there(), w.archived()
		require.Equal(t, len(w.records), len(there)+len(archived))
		gone := 0
		for key, r := range w.records {
			require.NotEqual(t, there[key], archived[key], "either there or archived")
			at := r.Slot.Truncate(24 * time.Hour)
			old := at.Before(day(7)) && !at.Equal(day(2)) && !at.Equal(day(4))
			if r.Tenant == "beta" || !old {
				require.True(t, there[key], "%s of %s is held, or cannot go", r.Tenant, r.Slot)
			} else {
				gone++
			}
		}
		require.Equal(t, gone, len(archived)) //nolint:testifylint // A thousand records say nothing.
		w.agree()
		plan, err := r.Plan(t.Context())
		require.NoError(t, err)
		said := strings.Join(plan[0].Stays, "\n")
		for _, why := range []string{"2026-11-03: 1 legs could not be rated", "2026-11-05: re-rate or undo 1", "2026-11-08: the books of", "rows are held"} {
			require.Contains(t, said, why)
		}
		require.Zero(t, plan[0].Goes.Rows)

		w.eraseAfter(before)
		require.NoError(t, w.store.Rebuild(t.Context(), func(string) {}))
		require.NoError(t, w.store.CountBatches(t.Context()))
		require.Equal(t, before, w.sums())
		w.agree()
	}
}

// kept puts a hold on a number in force, or takes one away, now and then: what was archived with other holds is begun anew.
func (w *world) kept(random *rand.Rand) {
	w.tb.Helper()
	holds, err := w.keep.InForce(w.tb.Context())
	require.NoError(w.tb, err)
	switch {
	case len(holds) == 1 && random.IntN(3) == 0:
		w.hold(w.tb.Context(), retention.Hold{Number: wanted})
	case len(holds) == 2:
		require.NoError(w.tb, w.keep.Remove(w.tb.Context(), holds[1].ID, "test", "over"))
	}
}

// eraseAfter erases the person from what is left. The hold on a tenant keeps the tenant's calls until it is removed.
func (w *world) eraseAfter(before []string) {
	w.tb.Helper()
	p, err := retention.NewPerson("+"+person, nil)
	require.NoError(w.tb, err)
	e := w.eraser()
	w.clock.Advance(30 * 24 * time.Hour)
	for _, h := range []bool{true, false} {
		_, err = e.Erase(w.tb.Context(), retention.Erasure{Person: p, Reason: "request 7", By: "test"})
		require.NoError(w.tb, err)
		found, err := e.Find(w.tb.Context(), p)
		require.NoError(w.tb, err)
		var held int64
		for _, f := range found {
			require.Equal(w.tb, f.Held, f.Rows, f.Place)
			held += f.Held
		}
		require.Equal(w.tb, h, held > 0)
		require.Equal(w.tb, before, w.sums())
		holds, err := w.keep.InForce(w.tb.Context())
		require.NoError(w.tb, err)
		for _, one := range holds {
			require.NoError(w.tb, w.keep.Remove(w.tb.Context(), one.ID, "test", "over"))
		}
	}
	records, err := w.books.Packed(w.tb.Context(), 10)
	require.NoError(w.tb, err)
	for _, r := range records.Records {
		require.False(w.tb, names(&r.Leg, person) || p.OfLeg(&r.Leg))
		was := w.records[keyOf(r.Call.String(), r.Seq, r.Sign, r.Batch)]
		require.Equal(w.tb, was.Sale, r.Sale)
		require.Equal(w.tb, was.Duration(), r.Duration())
		require.Equal(w.tb, was.To.Digits()[:7], r.To.Digits()[:7])
	}
	unreached, err := e.Unreached(w.tb.Context())
	require.NoError(w.tb, err)
	require.Contains(w.tb, strings.Join(unreached, "\n"), "2026-11-01.parquet")
}

// TestStatutoryTime refuses what the law obliges to keep, and a number on which there is a hold.
func TestStatutoryTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 9)
	var legs []cdr.Leg
	for range 60 {
		legs = append(legs, w.call(15)...)
	}
	w.post(legs)
	p, err := retention.NewPerson(person, nil)
	require.NoError(t, err)
	e := w.eraser()
	_, err = e.Erase(t.Context(), retention.Erasure{Person: p, Reason: "request", By: "test"})
	require.ErrorIs(t, err, retention.ErrErasure)
	require.ErrorContains(t, err, "may be erased from 2026-11-26 on")
	_, err = e.Erase(t.Context(), retention.Erasure{Person: p, Reason: "of " + person, By: "test"})
	require.ErrorIs(t, err, retention.ErrErasure)
	id := w.hold(t.Context(), retention.Hold{Number: "+" + person})
	_, err = e.Erase(t.Context(), retention.Erasure{Person: p, Reason: "request", Force: "order of a court", By: "test"})
	require.ErrorIs(t, err, retention.ErrHold)
	require.NoError(t, w.keep.Remove(t.Context(), id, "test", "over"))
	require.ErrorIs(t, w.keep.Remove(t.Context(), id, "test", "over"), retention.ErrHold)
	_, err = e.Erase(t.Context(), retention.Erasure{Person: p, Reason: "request", Force: "order of a court", By: "test"})
	require.NoError(t, err)
	var notes int
	require.NoError(t, w.db.Pool().QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'erase' AND object !~ $1 AND after !~ $1`, person).Scan(&notes))
	require.Equal(t, 2, notes)
	_, err = w.keep.Add(t.Context(), retention.Hold{Tenant: "a", Number: "49301234567", Reason: "x"})
	require.ErrorIs(t, err, retention.ErrHold)
}

// TestRows archives and drops what goes row by row, keeps what is held, and takes a person out of the rest.
func TestRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5)
	w.post(w.call(1))
	imports, err := postgres.NewImports(w.db, w.clock)
	require.NoError(t, err)
	for i, text := range []string{"0101 " + person + " 10\r\n", "0102 " + wanted + " 20\r\n", "0103 49301111111 30\r\n"} {
		one, err := imports.Open(t.Context(), importer.Import{Tenant: "acme", PBX: "p", Origin: "f", Way: "file", By: "x", Settings: []byte("{}")})
		require.NoError(t, err)
		require.NoError(t, imports.Keep(t.Context(), one.ID, 0, []byte(text)))
		require.NoError(t, imports.Keep(t.Context(), one.ID, int64(len(text)), []byte("the end\r\n")))
		if i < 2 {
			w.exec(`UPDATE import SET ended_at = $2 WHERE id = $1`, one.ID, day(1))
		}
	}
	leg := w.call(1)[0]
	leg.Tenant, leg.Raw = "acme", "of "+person
	for settled, raw := range map[any]string{int64(1): wanted, nil: person} {
		w.exec(`INSERT INTO import_fault (tenant, pbx, origin, line, reason, raw, digest, found_at) VALUES ('acme', 'p', 'f', 1, 'x', $1, $2, $3)`, raw, importer.Digest(raw), day(1))
		w.exec(`INSERT INTO dead_leg (tenant, reason, detail, message, batch, died_at, settled_by) VALUES ('acme', 'x', $1, $2, 1, $3, $4)`, "no rate for "+raw, cdr.AppendLeg(nil, &leg), day(1), settled)
	}
	w.exec(`INSERT INTO dead_change (dead, what, reason, done_by, before, at) SELECT id, 'mended', 'x', 'x', message, died_at FROM dead_leg WHERE settled_by IS NOT NULL`)
	w.exec(`INSERT INTO audit (at, by_whom, source, tenant, action, object) SELECT $1, 'x', '', t, 'x', 'x' FROM unnest(ARRAY['acme', 'beta', '']) t`, day(1))
	w.exec(`INSERT INTO alarm (rule, tenant, owner, value, text, done, since, till) VALUES ('r', 'acme', 'o', 1, $2, '', $1, $1)`, day(1), "call to "+person)
	w.exec(`INSERT INTO alert_delivery (alarm, channel, state, value, text, made_at) SELECT id, 'c', 'fires', 1, text, since FROM alarm`)

	w.hold(t.Context(), retention.Hold{Tenant: "beta"})
	id := w.hold(t.Context(), retention.Hold{Number: wanted})
	s := mustSpan("5d")
	r := w.runner(retention.Rules{Imports: s, Faults: s, Unrated: s, Audit: s, Alarms: s})
	plan, err := r.Plan(t.Context())
	require.NoError(t, err)
	goes := make(map[retention.Kind]int64)
	for _, l := range plan {
		goes[l.Kind] = l.Goes.Rows
	}
	// Of the import that is held it is the piece with the number that the plan counts: the other one stays with it.
	require.Equal(t, map[retention.Kind]int64{"calls": 0, "traces": 0, "raw": 0, "imports": 3, "faults": 1, "unrated": 0, "audit": 2, "alarms": 1}, goes)
	done := make(map[retention.Kind]int64)
	r.Told = func(d retention.Done) { done[d.Kind] += d.Rows }
	for range 2 {
		require.NoError(t, r.Run(t.Context()))
	}
	require.Equal(t, map[retention.Kind]int64{"imports": 2, "faults": 1, "audit": 2, "alarms": 1}, done)
	for _, kind := range []string{"imports", "faults", "audit", "alarms"} {
		require.Len(t, w.files(kind), 1, kind)
	}
	require.NoError(t, w.keep.Remove(t.Context(), id, "test", "over"))
	require.NoError(t, r.Run(t.Context()))
	require.Equal(t, map[retention.Kind]int64{"imports": 4, "faults": 2, "unrated": 1, "audit": 2, "alarms": 1}, done)
	require.Len(t, w.files("imports"), 2)

	p, err := retention.NewPerson("49301111111", []string{person})
	require.NoError(t, err)
	e := w.eraser()
	_, err = e.Erase(t.Context(), retention.Erasure{Person: p, Reason: "request", Force: "consent", By: "test"})
	require.NoError(t, err)
	var text strings.Builder
	require.NoError(t, imports.Text(t.Context(), 3, func(b []byte) error { text.Write(b); return nil }))
	require.Equal(t, "0103 49301110000 30\r\nthe end\r\n", text.String())
	found, err := e.Find(t.Context(), p)
	require.NoError(t, err)
	for _, f := range found {
		require.Equal(t, f.Held, f.Rows, f.Place)
	}
	dead, err := w.books.Dead(t.Context(), postgres.DeadFilter{})
	require.NoError(t, err)
	require.Len(t, dead, 1)
	require.Equal(t, "no rate for 4915112000000", dead[0].Detail)
}
