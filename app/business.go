package app

import (
	"context"
	"log/slog"

	"trunkline/access"
	"trunkline/app/billing"
	"trunkline/app/config"
	"trunkline/app/reporting"
	"trunkline/app/rerate"
	"trunkline/app/store"
	"trunkline/cdr/importer"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/job"
	"trunkline/provision"
	"trunkline/reports"
	"trunkline/routing"
	"trunkline/sql/postgres"
)

// business is what every console stands on, that of a running process and that of a command.
type business struct {
	config *config.Config
	stores *store.Stores
	books  *postgres.Books
	live   *routing.Live
	sender func(ctx context.Context) (importer.Sender, error)
	log    *slog.Logger
}

// deps are those of a console that nothing runs behind.
func (b *business) deps(gate *access.Gate, kept *postgres.Access) console.Deps {
	s, cache := b.stores, reporting.NewCache(clock.System{})
	deps := console.Deps{
		Gate: gate, AuditLog: kept, Views: kept, Uploads: uploaded{kept, s.Provision},
		Snapshot: b.live.Snapshot, Routes: b.live.Table, Clock: clock.System{}, Log: b.log,
		Setup: &setup{stores: s, compiler: provision.NewCompiler()}, Shelf: s.Provision,
		Records: reporting.Records{Store: s.Records, Cache: cache}, Figures: reporting.Figures{Cache: cache, Ask: b.ask}, Lines: reporting.Lines{Store: s.Records, Cache: cache},
		Money: s.Ledger, Books: s.Ledger, Rerating: rerate.Service{Stores: s}, Nodes: s.Ledger, Incidents: incidents{b.books}, Profiles: postgres.NewInvoices(s.DB, clock.System{}), Exchange: exchange{s}, Archive: reporting.Archive{Stores: s},
		Schedules: schedules{postgres.NewSchedules(s.DB, clock.System{}), b}, Retention: keeping{b}, History: history{s.Provision}, Limits: limits{s.Ledger}, Inventory: postgres.NewInventory(s.DB, clock.System{}),
		Billing: &billing.Service{S: s, Live: b.live.Snapshot}, Charges: postgres.NewInvoices(s.DB, clock.System{}),
		Alerts: alerts{postgres.NewAlerts(s.DB, clock.System{})}, Dead: &deadLegs{s, b.books}, Imports: &imports{b},
		Jobs: postgres.NewJobs(s.DB, clock.System{}),
	}
	return deps
}

// ask asks ClickHouse, with the exchange rates in force.
func (b *business) ask(ctx context.Context, list []reports.Question) ([]*reports.Answer, error) {
	snapshot := b.live.Snapshot()
	exchange, err := store.ExchangeOf(snapshot)
	if err != nil {
		return nil, err
	}
	return reports.NewStats(b.stores.Records, exchange, snapshot.Operator().ReportingCurrency()).AskAll(ctx, list)
}

// newConsole puts a console over the running system.
func (s *System) newConsole(gate *access.Gate, kept *postgres.Access) *console.Console {
	b := &business{
		config: s.config, stores: s.Stores, books: s.books, live: s.provisioning.Live, log: s.log,
		sender: func(context.Context) (importer.Sender, error) { return s.imported, nil },
	}
	deps := b.deps(gate, kept)
	s.desk = job.NewDesk(job.Config{Book: postgres.NewJobs(s.Stores.DB, clock.System{}), Node: s.config.Node, Clock: clock.System{}, Log: s.log})
	deps.Desk, deps.Switch, deps.System = s.desk, newOperations(s), newOverviewer(s)
	if smtp := s.config.Alerts.Post(); smtp.Host != "" {
		deps.Post = smtp
	}
	deps.Link = func(token string) string { return s.http.Link(token) }
	return console.New(deps)
}
