package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"trunkline/access"
	"trunkline/api"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/job"
	"trunkline/ledger"
	"trunkline/provision"
	"trunkline/sql/postgres"
)

// newConsole puts together what people do with the system.
func (s *system) newConsole(gate *access.Gate, store *postgres.Access) *console.Console {
	questions := newQuestions(clock.System{})
	jobs := postgres.NewJobs(s.stores.db, clock.System{})
	s.desk = job.NewDesk(job.Config{Book: jobs, Node: s.config.Node, Clock: clock.System{}, Log: s.log})
	deps := console.Deps{
		Gate: gate, Trail: store, Views: store, Uploads: uploaded{store, s.stores.provision},
		Snapshot: s.provisioning.live.Snapshot, Routes: s.provisioning.live.Table, Clock: clock.System{}, Log: s.log, Link: func(token string) string { return s.http.Link(token) },
		Setup: &setup{stores: s.stores, compiler: provision.NewCompiler()}, Shelf: s.stores.provision,
		Records: records{s.stores.records, questions}, Figures: figures{questions, s.askFigures}, Lines: lines{s.stores.records, questions}, Switch: newOperations(s), System: newOverviewer(s),
		Money: s.stores.ledger, Limits: limits{s.stores.ledger}, Inventory: postgres.NewInventory(s.stores.db, clock.System{}),
		Billing: &billing{s: s.stores, live: s.provisioning.live.Snapshot}, Charges: postgres.NewInvoices(s.stores.db, clock.System{}),
		Alerts: alerts{postgres.NewAlerts(s.stores.db, clock.System{})}, Dead: &deadLegs{s.stores, s.books},
		Imports: &imports{s},
		Desk:    s.desk, Jobs: jobs,
	}
	if smtp := s.config.Alerts.post(); smtp.Host != "" {
		deps.Post = smtp
	}
	return console.New(deps)
}

// setup keeps what is provisioned. Its compiler is its own: it only checks.
type setup struct {
	stores   *stores
	mu       sync.Mutex
	compiler *provision.Compiler
}

// Load implements console.Setup.
func (s *setup) Load(ctx context.Context) (console.Stored, error) {
	stored, err := s.stores.provision.Load(ctx)
	if err != nil {
		return console.Stored{}, err
	}
	return console.Stored{Revision: stored.Revision, Objects: stored.Objects, Files: stored.Files}, nil
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
	return checkFormats(b)
}

// Save implements console.Setup.
func (s *setup) Save(ctx context.Context, base int64, changes *provision.Changes, by string) (int64, error) {
	revision, err := s.stores.provision.Save(ctx, base, changes, clock.System{}.Now(), by)
	if errors.Is(err, postgres.ErrRevision) {
		err = fmt.Errorf("%w: %w", console.ErrConflict, err)
	}
	return revision, err
}

// limits are the ledger's.
type limits struct {
	ledger *postgres.Ledger
}

// Standing implements console.Limits.
func (l limits) Standing(ctx context.Context, tenant *provision.Tenant) ([]console.Standing, error) {
	list, err := limitsAsTheyStand(ctx, l.ledger, tenant, clock.System{}.Now())
	if err != nil {
		return nil, err
	}
	out := make([]console.Standing, 0, len(list))
	for i := range list {
		one := &list[i]
		left, err := one.left()
		if err != nil {
			return nil, err
		}
		percent, err := one.percent()
		if err != nil {
			return nil, err
		}
		out = append(out, console.Standing{
			Scope: one.key.scope, Owner: one.key.owner, Period: one.key.period, Measure: one.measure, Setting: one.setting, Live: one.live,
			Used: one.used, Held: one.held, Left: left, Percent: percent,
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
			Made: d.Made, Tries: d.Tries, Due: d.Due, Sent: d.Sent, Error: d.Error,
		})
	}
	return out, err
}

// deadLegs are those that could not be rated.
type deadLegs struct {
	s     *stores
	books *postgres.Books
}

// Dead implements console.DeadLegs.
func (d *deadLegs) Dead(ctx context.Context, tenant, reason string, limit int) ([]console.DeadLeg, error) {
	list, err := d.books.Dead(ctx, postgres.DeadFilter{Tenant: tenant, Reason: reason, Limit: limit})
	out := make([]console.DeadLeg, 0, len(list))
	for i := range list {
		one := &list[i]
		leg := console.DeadLeg{ID: one.ID, Tenant: one.Tenant, Reason: one.Reason, Detail: one.Detail, Died: one.Died, Retries: one.Retries}
		if l := one.Leg; l != nil {
			leg.Leg, leg.Call, leg.Carrier, leg.From, leg.To, leg.Setup = l.ID(), l.Call.String(), l.Carrier, l.From.String(), l.To.String(), l.Setup
		}
		out = append(out, leg)
	}
	return out, err
}

// Retry implements console.DeadLegs.
func (d *deadLegs) Retry(ctx context.Context, ids []int64) (int, error) {
	return retryDead(ctx, d.s, d.books, ids)
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
	return fileVersions(ctx, u.provision, file)
}

// FileAt implements console.Uploads.
func (u uploaded) FileAt(ctx context.Context, file string, revision int64) ([]byte, error) {
	content, err := u.provision.FileAt(ctx, file, revision)
	if err == nil && content == nil {
		err = fmt.Errorf("%w: %s has no version of revision %d", console.ErrNotFound, file, revision)
	}
	return content, err
}

func fileVersions(ctx context.Context, store *postgres.Provision, file string) ([]console.FileVersion, error) {
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
func (a answers) Claim(ctx context.Context, who, key string, request []byte) (api.Answer, bool, error) {
	was, fresh, err := a.store.Claim(ctx, who, key, request)
	return api.Answer{Request: was.Request, Status: was.Status, ETag: was.Header, Body: was.Body}, fresh, err
}

// Answer implements api.Answers.
func (a answers) Answer(ctx context.Context, who, key string, answer api.Answer) error {
	return a.store.Answer(ctx, who, key, answer.Status, answer.ETag, answer.Body)
}

// firstUser makes the operator who signs in first, with the password that the folder holds, where nobody may sign in yet.
// It reports whether that password still opens the door.
func firstUser(ctx context.Context, gate *access.Gate, password string, log *slog.Logger) (bool, error) {
	err := gate.Add(ctx, access.User{Login: consoleUser, Name: "Operator", Role: access.Operator})
	switch {
	case errors.Is(err, access.ErrExists):
		return gate.Opens(ctx, consoleUser, password)
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
	return true, gate.SetPassword(ctx, consoleUser, password, "")
}
