package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"trunkline/ledger"
)

// Share returns the part of what may be let pass while the ledger is away that is a proxy's, in millionths of the whole, given the one that it
// knows of now. All that were not given up have the same in the end; until one has said that it knows of its smaller share, others do without. It may
// be repeated.
func (l *Ledger) Share(ctx context.Context, node string, known int64) (ledger.Share, error) {
	var s ledger.Share
	err := l.db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('shares of proxies', 0))`); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `WITH others AS (SELECT count(*) AS n, coalesce(sum(share), 0) AS taken FROM node WHERE given_up_at IS NULL AND id <> $1),
			mine AS (SELECT greatest(0, least(1000000 / (n + 1), 1000000 - taken))::bigint AS share FROM others)
			UPDATE node SET share = greatest(mine.share, least($2, 1000000)) FROM mine WHERE id = $1 AND given_up_at IS NULL
			RETURNING mine.share, settled_beat`, node, known).Scan(&s.Millionths, &s.SettledBeat)
		if errors.Is(err, pgx.ErrNoRows) {
			return ledger.ErrNoNode
		}
		return err
	})
	if err != nil {
		return s, fmt.Errorf("share of %s: %w", node, err)
	}
	return s, nil
}
