package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/cdr/kafka"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/rating/worker"
	"trunkline/sql/postgres"
)

// TestTextThatNoStoreTakes: a leg whose tenant is no UTF-8, or has a zero byte, is a dead letter, and the legs behind it are rated.
// What a peer said of itself is mended: a call is not lost because a phone writes Latin-1.
func TestTextThatNoStoreTakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	legs := w.calls(20)
	for i, name := range []string{"be\xff", "be\x00auty", "\xd0"} {
		legs[3*i].Tenant = name
	}
	legs[30].CallerID, legs[30].Raw = "Jos\xe9", "a\x00b"
	r := w.start(nil)
	w.send(legs)
	w.settled()
	r.stop()
	dead, err := w.books.Dead(t.Context(), postgres.DeadFilter{})
	require.NoError(t, err)
	require.Len(t, dead, 3)
	for _, d := range dead {
		require.Equal(t, worker.ReasonUnreadable, d.Reason)
	}
	require.Equal(t, int64(len(legs)-3), r.Stats().Records)
}

// poisoned are books that refuse some legs for a reason that nobody has thought of.
type poisoned struct {
	worker.Books

	poison map[calls.ID]bool
}

func (p *poisoned) Post(ctx context.Context, d *worker.Delivery, rate func(worker.Fresh) (worker.Outcome, error)) (worker.Batch, error) {
	for i := range d.Legs {
		if p.poison[d.Legs[i].Call] {
			return worker.Batch{}, errors.Join(worker.ErrRefused, errors.New("numeric field overflow"))
		}
	}
	return p.Books.Post(ctx, d, rate)
}

// TestDeliveryIsDivided: what the ledger refuses is divided until the culprit is a dead letter and all others are rated.
func TestDeliveryIsDivided(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2)
	legs := w.calls(60)
	bad := &poisoned{Books: w.books, poison: map[calls.ID]bool{legs[0].Call: true, legs[90].Call: true, legs[len(legs)-1].Call: true}}
	r := w.start(func(p *wiring) { p.books, p.take = bad, kafka.Take{Most: 200, Linger: 50 * time.Millisecond} })
	w.send(legs)
	w.settled()
	r.stop()
	dead, err := w.books.Dead(t.Context(), postgres.DeadFilter{})
	require.NoError(t, err)
	require.Len(t, dead, 9, "three calls of three legs")
	for _, d := range dead {
		require.Equal(t, worker.ReasonRefused, d.Reason)
		require.Contains(t, d.Detail, "numeric field overflow")
	}
	require.Equal(t, int64(len(legs)-9), r.Stats().Records)
}

// TestPostgresRefuses: what PostgreSQL itself refuses of data is told apart from its being away.
func TestPostgresRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	leg := w.call("tenant", 10)[0]
	_, err := w.books.Post(t.Context(), &worker.Delivery{Source: "x", Legs: []cdr.Leg{leg}}, func(worker.Fresh) (worker.Outcome, error) {
		return worker.Outcome{DeadLetters: []worker.DeadLetter{{Leg: &leg, Reason: "x\xff", Detail: "y"}}}, nil
	})
	require.ErrorIs(t, err, worker.ErrRefused)
	_, err = w.books.Post(t.Context(), &worker.Delivery{Source: "x", Legs: []cdr.Leg{leg}}, func(worker.Fresh) (worker.Outcome, error) {
		return worker.Outcome{}, errors.New("the amount is too large")
	})
	require.ErrorIs(t, err, worker.ErrRefused, "the rules of rating answer the same each time")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.books.Post(ctx, &worker.Delivery{Source: "x", Legs: []cdr.Leg{leg}}, nil)
	require.Error(t, err)
	require.NotErrorIs(t, err, worker.ErrRefused)
}

// TestStandstill: a worker says since when it has got nowhere, until it goes on.
func TestStandstill(t *testing.T) {
	t.Parallel()
	c, e := clock.NewManual(time.Unix(1.7e9, 0)), &endless{}
	e.ledgerAway.Store(true)
	w := worker.New(worker.Config{Topic: "t", Stream: e, Books: e, Calls: e, DeadLetters: e, Clock: c, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = w.Run(ctx) }()
	require.Eventually(t, func() bool { since, err := w.Still(); return !since.IsZero() && errors.Is(err, errInjected) }, 10*time.Second, time.Millisecond)
	e.ledgerAway.Store(false)
	require.Eventually(t, func() bool { c.Advance(time.Second); since, _ := w.Still(); return since.IsZero() }, 10*time.Second, time.Millisecond)
	cancel()
	<-done
}
