package app

import (
	"context"
	"errors"
	"log/slog"

	"trunkline/access"
	"trunkline/app/config"
	"trunkline/app/pbx"
	"trunkline/app/store"
	"trunkline/cdr"
	"trunkline/cdr/importer"
	"trunkline/cdr/kafka"
	"trunkline/console"
	"trunkline/internal/cause"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/reports/invoice"
	"trunkline/routing"
	"trunkline/sql/postgres"
)

// Local is the console over the databases of a data folder or of a cluster, without any part that runs: a command asks it, as
// people and programs ask that of a running process. Both keep the same audit. What only a running process knows, such as calls in
// progress, it does not find.
type Local struct {
	*console.Console

	// Who is the operator who runs the command. Whoever can read the data folder may do everything anyway.
	Who *access.Principal
	// Config is what it was opened with.
	Config *config.Config
	// Stores are the open databases, for what is no use case: repair, backup, imports of files.
	Stores *store.Stores
	// Broken is why what is stored cannot be put in force: nothing is then, and only what mends it may be asked for. Nil: it can be.
	Broken error

	compiler *provision.Compiler
	live     *routing.Live
	producer *kafka.Producer
	log      *slog.Logger
}

// OpenLocal reaches the engines of a running process, or starts them for as long as the command takes, and puts a console over
// them in the name of whoever runs it, such as cli:root. Close ends it. The schemas have to be those of this program.
func OpenLocal(ctx context.Context, c *config.Config, by string, log *slog.Logger) (_ *Local, err error) {
	s, err := store.Open(ctx, c, store.Check, log)
	if err != nil {
		return nil, err
	}
	l := &Local{Who: &access.Principal{Role: access.Operator, Command: by}, Config: c, Stores: s, compiler: provision.NewCompiler(), live: routing.NewLive(provision.Empty()), log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close(ctx))
		}
	}()
	l.Refresh(ctx)
	books, err := postgres.NewBooks(s.DB, clock.System{})
	if err != nil {
		return nil, err
	}
	kept := postgres.NewAccess(s.DB, clock.System{})
	b := &business{config: c, stores: s, books: books, live: l.live, sender: l.sender, log: log}
	l.Console = console.New(b.deps(access.NewGate(kept, l.live.Snapshot().Operator().Name, clock.System{}), kept))
	return l, nil
}

// Refresh puts in force here what is stored now.
func (l *Local) Refresh(ctx context.Context) {
	snapshot, _, err := l.Stores.Compile(ctx, l.compiler)
	if err != nil {
		snapshot = provision.Empty()
	}
	l.Broken = err
	l.live.Swap(snapshot)
}

// MeasuredTable is what calls are routed by, after what routing looks at beside it was read: the quality of gateways and what is owed
// to carriers, as they are now.
func (l *Local) MeasuredTable(ctx context.Context) (*routing.Table, error) {
	if l.Broken != nil {
		return nil, l.Broken
	}
	table := l.live.Table()
	return table, measure(ctx, l.Stores, table.Setup().Operator(), l.compiler.Measures())
}

// AllInvoices returns the first documents of a tenant and period, both all if empty: as many as there are, and at most so many.
func (l *Local) AllInvoices(ctx context.Context, tenant, period string, most int) (list []invoice.Issued, err error) {
	for after := int64(0); len(list) < most; {
		page, err := l.Invoices(ctx, l.Who, tenant, period, after, min(most-len(list), console.MaxPage))
		if err != nil || len(page) == 0 {
			return list, err
		}
		list = append(list, page...)
		after = page[len(page)-1].ID
	}
	return list, nil
}

// sender sends legs of imports; it is opened when the first is sent.
func (l *Local) sender(ctx context.Context) (importer.Sender, error) {
	if l.producer == nil {
		p, err := pbx.OpenLegs(ctx, l.Stores.Engines.Kafka, l.log)
		if err != nil {
			return nil, cause.Mark(cause.State, err)
		}
		l.producer = p
	}
	return l.producer, nil
}

// SendLegs brings legs to the stream; all of them are there when it returns nil.
func (l *Local) SendLegs(ctx context.Context, legs []cdr.Envelope) error {
	to, err := l.sender(ctx)
	if err != nil {
		return err
	}
	return to.Send(ctx, legs)
}

// Note keeps in the audit what a command did that is no use case of the console.
func (l *Local) Note(ctx context.Context, action, object, after string) error {
	return postgres.NewAccess(l.Stores.DB, l.Stores.Clock).Log(ctx, access.AuditEvent{
		At: l.Stores.Clock.Now(), By: l.Who.By(), Action: action, Object: object, After: after,
	})
}

// Close ends the connections, and the engines that were started for them.
func (l *Local) Close(ctx context.Context) (err error) {
	if l.producer != nil {
		err = l.producer.Close()
	}
	l.Stores.Close(ctx)
	return err
}
