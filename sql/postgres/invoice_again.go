package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"trunkline/reports/invoice"
)

// lastOfPeriod is the last invoice of a tenant's period that begins at a moment.
const lastOfPeriod = selectInvoice + ` WHERE i.kind = 'invoice' AND i.tenant = $1 AND i.period_from = $2 ORDER BY i.id DESC LIMIT 1`

// former returns what stands for the document's period already: then nothing is issued. The one that the document takes the
// place of does not stand in its way, once it was credited as a whole; its id is returned.
func (s *Invoices) former(ctx context.Context, tx pgx.Tx, d *invoice.Document) (stands invoice.Issued, replaces *int64, err error) {
	rows, err := tx.Query(ctx, lastOfPeriod, d.Tenant, d.Period.From)
	if err != nil {
		return stands, nil, err
	}
	last, err := pgx.CollectExactlyOneRow(rows, scanInvoice)
	switch {
	case errors.Is(err, pgx.ErrNoRows) && d.Replaces != "":
		return stands, nil, fmt.Errorf("%w: there is no %s whose place it could take", invoice.ErrNoInvoice, d.Replaces)
	case errors.Is(err, pgx.ErrNoRows):
		return stands, nil, nil
	case err != nil:
		return stands, nil, err
	case last.State == invoice.StateCredited && last.Document.Number == d.Replaces:
		return stands, &last.ID, nil
	}
	return last, nil, nil
}

// overlaps refuses a document of whose period another invoice has a part. One that was credited as a whole and whose place was
// taken has none any more; one whose place was not taken has to be issued again for its own period, because what its calls were
// charged was given back with it.
func overlaps(ctx context.Context, tx pgx.Tx, d *invoice.Document) error {
	var other string
	err := tx.QueryRow(ctx, `SELECT i.number FROM invoice i WHERE i.kind = 'invoice' AND i.tenant = $1 AND i.period_from < $3 AND i.period_till > $2
		AND i.number <> $4 AND NOT EXISTS (SELECT FROM invoice r WHERE r.replaces = i.id) LIMIT 1`,
		d.Tenant, d.Period.From, d.Period.Till, d.Replaces).Scan(&other)
	switch {
	case err == nil:
		return fmt.Errorf("%w: %s", invoice.ErrOverlap, other)
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	}
	return err
}
