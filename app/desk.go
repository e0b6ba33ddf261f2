package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"trunkline/access"
	"trunkline/api"
	"trunkline/app/pbx"
	"trunkline/app/rerate"
	"trunkline/app/store"
	"trunkline/console"
	"trunkline/credit"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/sql/postgres"
)

// setup keeps what is provisioned. Its compiler is its own: it only checks.
type setup struct {
	stores   *store.Stores
	mu       sync.Mutex
	compiler *provision.Compiler
}

// Load implements console.Setup.
func (s *setup) Load(ctx context.Context) (console.Stored, error) {
	stored, err := s.stores.Provision.Load(ctx)
	if err != nil {
		return console.Stored{}, err
	}
	return console.Stored{Revision: stored.Revision, Objects: stored.Objects, Files: stored.Files, Past: stored.Past}, nil
}

// Check implements console.Setup.
func (s *setup) Check(ctx context.Context, b *provision.Bundle) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	snapshot, err := s.compiler.Compile(ctx, b)
	if err != nil {
		return err
	}
	if err := snapshot.CheckNumbers(b); err != nil {
		return err
	}
	return pbx.CheckFormats(b)
}

// Save implements console.Setup.
func (s *setup) Save(ctx context.Context, base int64, changes *provision.Changes, by string) (int64, error) {
	revision, err := s.stores.Provision.Save(ctx, base, changes, clock.System{}.Now(), by)
	if errors.Is(err, postgres.ErrRevision) {
		err = fmt.Errorf("%w: %w", console.ErrConflict, err)
	}
	return revision, err
}

// Applied implements console.Setup.
func (s *setup) Applied(ctx context.Context) (provision.Applied, error) {
	return s.stores.Provision.Applied(ctx)
}

// MarkApplied implements console.Setup.
func (s *setup) MarkApplied(ctx context.Context, applied provision.Applied) error {
	return s.stores.Provision.MarkApplied(ctx, applied, s.stores.Clock.Now())
}

// LastChange implements console.Setup.
func (s *setup) LastChange(ctx context.Context, n provision.Name) (time.Time, string, error) {
	return s.stores.Provision.LastChange(ctx, n)
}

// CheckBundle checks an operator's file as a whole, as it is checked again with what is stored. It needs no store.
func CheckBundle(ctx context.Context, b *provision.Bundle) error {
	if err := b.Check(); err != nil {
		return err
	}
	return (&setup{compiler: provision.NewCompiler()}).Check(ctx, b)
}

// limits are the ledger's.
type limits struct {
	ledger *postgres.Ledger
}

// Standing implements console.Limits.
func (l limits) Standing(ctx context.Context, tenant *provision.Tenant) ([]console.LimitStatus, error) {
	list, err := credit.StatusOf(ctx, l.ledger, tenant, clock.System{}.Now())
	if err != nil {
		return nil, err
	}
	out := make([]console.LimitStatus, 0, len(list))
	for i := range list {
		one := &list[i]
		left, err := one.Left()
		if err != nil {
			return nil, err
		}
		percent, err := one.Percent()
		if err != nil {
			return nil, err
		}
		out = append(out, console.LimitStatus{
			Scope: one.Key.Scope, Owner: one.Key.Owner, Period: one.Key.Period, Measure: one.Measure, Configured: one.Setting, Effective: one.Live,
			Used: one.Used, Held: one.Held, Remaining: left, Percent: percent,
		})
	}
	return out, nil
}

// History implements console.Limits.
func (l limits) History(ctx context.Context, account ledger.Account) ([]ledger.Block, []ledger.LimitChange, error) {
	state, err := l.ledger.Limits(ctx, account)
	return state.Blocks, state.Changes, err
}

// Change implements console.Limits.
func (l limits) Change(ctx context.Context, t ledger.Target, o console.LimitOrder, zone *time.Location) error {
	counter := ledger.Limit{Scope: o.Scope, Owner: o.Owner, Period: o.Period}.Counter(t.Account, clock.System{}.Now(), zone)
	switch o.Action {
	case console.SetLimit:
		return l.ledger.SetLimit(ctx, t, o.Period, o.Caps)
	case console.RaiseLimit:
		return l.ledger.RaiseLimit(ctx, t, counter, use(o.Caps))
	case console.ResetLimit:
		return l.ledger.ResetLimit(ctx, t, counter)
	case console.Block, console.Unblock:
		return l.ledger.Block(ctx, t, o.Action == console.Block)
	}
	return fmt.Errorf("%w: unknown action %q: use set, raise, reset, block or unblock", ledger.ErrLimit, o.Action)
}

// use is what is added to a cap.
func use(c ledger.Caps) (u ledger.Use) {
	if c.Money != nil {
		u.Money = *c.Money
	}
	if c.Seconds != nil {
		u.Seconds = *c.Seconds
	}
	if c.Calls != nil {
		u.Calls = *c.Calls
	}
	return u
}

// Suspend implements console.Limits.
func (l limits) Suspend(ctx context.Context, account ledger.Account, suspended bool, reason, by string) error {
	return l.ledger.Suspend(ctx, account, suspended, reason, by)
}

// alerts are kept in PostgreSQL.
type alerts struct {
	*postgres.Alerts
}

// Deliveries implements console.Letters.
func (a alerts) Deliveries(ctx context.Context, onlyFailed bool, limit int) ([]console.Delivery, error) {
	list, err := a.Alerts.Deliveries(ctx, onlyFailed, limit)
	out := make([]console.Delivery, 0, len(list))
	for i := range list {
		d := &list[i]
		out = append(out, console.Delivery{
			ID: d.ID, Alarm: d.Alarm, Rule: d.Rule, Tenant: d.Tenant, Channel: d.Channel, State: d.State, Text: d.Text,
			Created: d.Made, Attempts: d.Tries, NextAttempt: d.Due, Sent: d.Sent, Error: d.Error,
		})
	}
	return out, err
}

// Replay implements console.Letters.
func (a alerts) Replay(ctx context.Context, delivery int64) error {
	err := a.Alerts.Replay(ctx, delivery)
	if errors.Is(err, postgres.ErrNoDelivery) {
		return fmt.Errorf("%w: %w", console.ErrNotFound, err)
	}
	return err
}

// deadLegs are those that could not be rated.
type deadLegs struct {
	s     *store.Stores
	books *postgres.Books
}

// Dead implements console.DeadLegs.
func (d *deadLegs) Dead(ctx context.Context, q console.DeadQuery) ([]console.DeadLeg, error) {
	list, err := d.books.Dead(ctx, postgres.DeadFilter{IDs: q.IDs, Tenant: q.Tenant, Carrier: q.Carrier, Reason: q.Reason, Limit: q.Limit})
	out := make([]console.DeadLeg, 0, len(list))
	for i := range list {
		one := &list[i]
		leg := console.DeadLeg{ID: one.ID, Tenant: one.Tenant, Reason: one.Reason, Detail: one.Detail, Failed: one.Died, Retries: one.Retries, Came: one.Leg, Message: one.Message}
		if l := one.Leg; l != nil {
			leg.Leg, leg.Call, leg.Carrier, leg.From, leg.To, leg.Setup = l.ID(), l.Call.String(), l.Carrier, l.From.String(), l.To.String(), l.Setup
		}
		out = append(out, leg)
	}
	return out, err
}

// Retry implements console.DeadLegs.
func (d *deadLegs) Retry(ctx context.Context, ids []int64) (int, error) {
	return rerate.RetryUnrated(ctx, d.s, d.books, ids)
}

// Mend implements console.DeadLegs.
func (d *deadLegs) Mend(ctx context.Context, id int64, m console.Mending, by string) error {
	err := d.books.Mend(ctx, postgres.Mending{ID: id, Setup: m.Setup, Connect: m.Connect, Disconnect: m.Disconnect, Reason: m.Reason, By: by})
	switch {
	case errors.Is(err, postgres.ErrNoDead):
		return fmt.Errorf("%w: %w", console.ErrNotFound, err)
	case errors.Is(err, postgres.ErrMend):
		return fmt.Errorf("%w: %w", console.ErrInvalid, err)
	}
	return err
}

// WriteOff implements console.DeadLegs.
func (d *deadLegs) WriteOff(ctx context.Context, ids []int64, reason, by string) (int, error) {
	return d.books.WriteOff(ctx, ids, reason, by)
}

// uploaded keeps files that somebody looks at before they are put in force.
type uploaded struct {
	*postgres.Access

	provision *postgres.Provision
}

// FileVersions implements console.Uploads.
func (u uploaded) FileVersions(ctx context.Context, file string) ([]console.FileVersion, error) {
	return FileVersions(ctx, u.provision, file)
}

// FileAt implements console.Uploads.
func (u uploaded) FileAt(ctx context.Context, file string, revision int64) ([]byte, error) {
	content, err := u.provision.FileAt(ctx, file, revision)
	if err == nil && content == nil {
		err = fmt.Errorf("%w: %s has no version of revision %d", console.ErrNotFound, file, revision)
	}
	return content, err
}

// FileVersions are the contents that a provisioned file had, the newest first.
func FileVersions(ctx context.Context, store *postgres.Provision, file string) ([]console.FileVersion, error) {
	found, err := store.FileVersions(ctx, file)
	out := make([]console.FileVersion, len(found))
	for i, v := range found {
		out[i] = console.FileVersion(v)
	}
	return out, err
}

// answers keeps what writes with an Idempotency-Key were answered.
type answers struct {
	store *postgres.Access
}

// Claim implements api.Answers.
func (a answers) Claim(ctx context.Context, who, key string, request []byte) (api.StoredResponse, bool, error) {
	was, fresh, err := a.store.Claim(ctx, who, key, request)
	return api.StoredResponse{Request: was.Request, Status: was.Status, ETag: was.Header, Body: was.Body}, fresh, err
}

// Answer implements api.Answers.
func (a answers) Answer(ctx context.Context, who, key string, answer api.StoredResponse) error {
	return a.store.Answer(ctx, who, key, answer.Status, answer.ETag, answer.Body)
}

// firstUser makes the operator who signs in first, with the password that the folder holds, where nobody may sign in yet.
// It reports whether that password still opens the door.
func firstUser(ctx context.Context, gate *access.Gate, password string, log *slog.Logger) (bool, error) {
	err := gate.Add(ctx, access.User{Login: ConsoleUser, Name: "Operator", Role: access.Operator})
	switch {
	case errors.Is(err, access.ErrExists):
		return gate.Opens(ctx, ConsoleUser, password)
	case err != nil:
		return false, err
	}
	users, err := gate.Users(ctx, "")
	if err != nil {
		return false, err
	}
	if len(users) > 1 {
		log.WarnContext(ctx, "the user operator was made anew", "users", len(users))
	}
	return true, gate.SetPassword(ctx, ConsoleUser, password, "")
}
