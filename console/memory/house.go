package memory

import (
	"context"
	"log/slog"
	"testing/fstest"
	"time"

	"trunkline/access"
	people "trunkline/access/memory"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/job"
	jobs "trunkline/job/memory"
	"trunkline/provision"
	"trunkline/routing"
)

// House is everything behind a console, and the console.
type House struct {
	Console *console.Console
	Clock   *clock.Manual
	Gate    *access.Gate
	People  *people.Store
	Setup   *Setup
	Jobs    *jobs.Book
	Rows    *Rows
	Desk    *job.Desk
}

// Begun is the moment at which the clock of a new house stands.
func Begun() time.Time { return time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC) }

// Example returns a store of the example operator, of which any number of houses may be made.
func Example(ctx context.Context) (*Setup, error) {
	dir := fstest.MapFS{
		"operator.yaml": {Data: []byte(operator)}, "retail.yaml": {Data: []byte(retail)}, "alfa.csv": {Data: []byte(alfa)},
	}
	bundle, err := provision.ReadBundle(dir, "operator.yaml")
	if err != nil {
		return nil, err
	}
	return NewSetup(ctx, clock.NewManual(Begun()), bundle)
}

// New returns a house with a copy of what is set up, of which the other one learns nothing. Its desk is to be closed.
func New(of *Setup) *House {
	c := clock.NewManual(Begun())
	setup := of.copy(c)
	h := &House{Clock: c, People: people.New(c), Setup: setup, Jobs: jobs.NewBook(c)}
	h.Gate, h.Rows = access.NewQuickGate(h.People, "Trunkline", c), newRows(c)
	h.Desk = job.NewDesk(job.Config{Book: h.Jobs, Node: "one", Clock: c, Log: slog.New(slog.DiscardHandler)})
	h.Console = console.New(console.Deps{
		Gate: h.Gate, AuditLog: h.People, Setup: setup, Shelf: setup, Snapshot: setup.Snapshot, Routes: func() *routing.Table { return routing.NewTable(setup.Snapshot()) }, Records: h.Rows, Figures: h.Rows, Lines: h.Rows, Switch: switchOf{h.Rows},
		System: h.Rows, Money: h.Rows, Books: books{h.Rows}, Rerating: rerating{h.Rows}, Nodes: nodes{h.Rows}, Incidents: incidents{h.Rows}, Profiles: profiles{h.Rows}, Exchange: exchange{h.Rows}, Schedules: schedules{h.Rows}, Archive: archive{h.Rows},
		Retention: keeping{h.Rows}, History: setup,
		Limits: limits{h.Rows}, Billing: h.Rows, Charges: h.Rows, Alerts: alerts{h.Rows}, Dead: h.Rows, Imports: imports{h.Rows}, Uploads: setup,
		Inventory: inventoryOf{h.Rows}, Views: h.People, Desk: h.Desk, Jobs: h.Jobs, Post: post{h.Rows}, Link: func(token string) string { return "https://trunkline.example/" + token },
		Log: slog.New(slog.DiscardHandler), Clock: c,
	})
	return h
}
