package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/ledger"
)

// Beat notes that a proxy is there, and that all calls that it began before clean are over with their legs in the stream;
// a zero time says nothing new. It may be repeated. Calls that must be over are taken out of the index of places by the way.
func (l *Ledger) Beat(ctx context.Context, node string, clean time.Time) error {
	now := l.clock.Now()
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO node AS n (name, seen_at, clean_at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET seen_at = $2, clean_at = greatest(n.clean_at, $3), given_up_at = NULL, given_up_why = '',
		settled_at = CASE WHEN n.given_up_at IS NULL THEN n.settled_at ELSE least(n.settled_at, greatest(n.clean_at, $3)) END`, node, now, clean)
	batch.Queue(`SELECT age_places($1, $2)`, now, expireBatch)
	if err := l.db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("sign of life of %s: %w", node, err)
	}
	return nil
}

const selectNode = `SELECT n.name, n.seen_at, n.clean_at, n.settled_at, coalesce(n.given_up_at, '0001-01-01T00:00:00Z'), n.given_up_why,
    count(h.call) FILTER (WHERE h.made_at + h.seconds * interval '1 second' < $1)
FROM node n LEFT JOIN hold h ON h.node = n.name AND h.closed_at IS NULL GROUP BY n.name ORDER BY n.name`

// Nodes returns the proxies that ever gave a sign of life.
func (l *Ledger) Nodes(ctx context.Context) ([]ledger.Node, error) {
	rows, err := l.db.pool.Query(ctx, selectNode, l.clock.Now())
	if err != nil {
		return nil, fmt.Errorf("proxies: %w", err)
	}
	nodes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ledger.Node])
	if err != nil {
		return nil, fmt.Errorf("proxies: %w", err)
	}
	return nodes, nil
}

// Settled notes that all legs were accounted for that the stream had when nodes were looked at: what they said by then is
// true of the books too. It may be repeated.
func (l *Ledger) Settled(ctx context.Context, nodes []ledger.Node) error {
	batch := &pgx.Batch{}
	for _, n := range nodes {
		batch.Queue(`UPDATE node SET settled_at = greatest(settled_at, $2) WHERE name = $1 AND given_up_at IS NULL`, n.Name, n.Clean)
	}
	if err := l.db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("settle proxies: %w", err)
	}
	return nil
}

// GiveUp says that a proxy will never come back and its legs are lost: what is held for its calls is given back as soon as
// they must be over. A sign of life takes it back.
func (l *Ledger) GiveUp(ctx context.Context, node, reason string) error {
	tag, err := l.db.pool.Exec(ctx, `UPDATE node SET given_up_at = $2, given_up_why = $3, settled_at = $2 WHERE name = $1`, node, l.clock.Now(), reason)
	switch {
	case err != nil:
		return fmt.Errorf("give %s up: %w", node, err)
	case tag.RowsAffected() == 0:
		return fmt.Errorf("%w: %s", ledger.ErrNoNode, node)
	}
	return nil
}
