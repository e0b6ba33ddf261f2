package app

import (
	"context"

	"trunkline/app/reporting"
	"trunkline/console"
	"trunkline/reports/retention"
	"trunkline/sql/clickhouse"
	"trunkline/sql/postgres"
)

// keeping lets go of records, by the configuration.
type keeping struct{ b *business }

func (k keeping) holds() *postgres.Retention {
	return postgres.NewRetention(k.b.stores.DB, k.b.books, k.b.stores.Clock)
}

func (k keeping) calls() (*clickhouse.Retention, error) {
	exporter, err := reporting.Exporter(k.b.stores)
	if err != nil {
		return nil, err
	}
	return clickhouse.NewRetention(k.b.stores.Records, exporter), nil
}

func (k keeping) runner(archive string, told func(retention.Done)) (*retention.Runner, error) {
	calls, err := k.calls()
	if err != nil {
		return nil, err
	}
	holds := k.holds()
	return &retention.Runner{
		Rules: k.b.config.Retention, Clock: k.b.stores.Clock, Books: holds, Calls: calls, Columns: calls, Rows: holds, Log: holds, Holds: holds,
		Archives: retention.Archives{Dir: archive}, Alone: holds.Alone, Told: told,
	}, nil
}

func (k keeping) eraser() (*retention.Eraser, error) {
	calls, err := k.calls()
	if err != nil {
		return nil, err
	}
	holds := k.holds()
	return &retention.Eraser{
		Statutory: k.b.config.Retention.Statutory, Clock: k.b.stores.Clock, Holds: holds, Calls: calls,
		// Packed records before the store of calls, which may be filled again from them.
		Places: []retention.People{holds, calls}, Log: holds, Trail: holds, Alone: holds.Alone,
	}, nil
}

// Plan implements console.Retention.
func (k keeping) Plan(ctx context.Context) ([]retention.Line, error) {
	r, err := k.runner("", func(retention.Done) {})
	if err != nil {
		return nil, err
	}
	return r.Plan(ctx)
}

// Run implements console.Retention.
func (k keeping) Run(ctx context.Context, archive string, told func(retention.Done)) error {
	r, err := k.runner(archive, told)
	if err != nil {
		return err
	}
	return r.Run(ctx)
}

// Find implements console.Retention.
func (k keeping) Find(ctx context.Context, p retention.Person) ([]retention.Found, error) {
	e, err := k.eraser()
	if err != nil {
		return nil, err
	}
	return e.Find(ctx, p)
}

// Erase implements console.Retention.
func (k keeping) Erase(ctx context.Context, o retention.Erasure) ([]retention.Found, error) {
	e, err := k.eraser()
	if err != nil {
		return nil, err
	}
	return e.Erase(ctx, o)
}

// Unreached implements console.Retention.
func (k keeping) Unreached(ctx context.Context) ([]string, error) {
	e, err := k.eraser()
	if err != nil {
		return nil, err
	}
	return e.Unreached(ctx)
}

// Holds implements console.Retention.
func (k keeping) Holds(ctx context.Context, all bool) ([]retention.Hold, error) {
	if all {
		return k.holds().All(ctx)
	}
	return k.holds().InForce(ctx)
}

// AddHold implements console.Retention.
func (k keeping) AddHold(ctx context.Context, h retention.Hold) (retention.Hold, error) {
	return k.holds().Add(ctx, h)
}

// RemoveHold implements console.Retention.
func (k keeping) RemoveHold(ctx context.Context, id int64, by, reason string) error {
	return k.holds().Remove(ctx, id, by, reason)
}

// OwnSpans are how long is kept what goes by itself.
func (l *Local) OwnSpans() []console.OwnSpan {
	w := &l.Config.Worker
	return []console.OwnSpan{
		{Of: "packed (worker.keep_packed)", Kept: w.KeepPacked}, {Of: "identities (worker.keep_identities)", Kept: w.KeepIdentities}, {Of: "closed holds of money", Kept: ClosedAge},
	}
}
