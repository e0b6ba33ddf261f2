package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/ledger"
	"trunkline/rating/worker/repair"
)

// holdSequence is the number of the last hold that was made.
const holdSequence = `(SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM hold_seq)`

// Register notes that a process was started on the data folder of a proxy. It answers ErrNodeTaken where the name is that of another
// proxy that was not given up, and ErrNodeCopy where the folder is not the one that the proxy was started on last. It may be repeated.
func (l *Ledger) Register(ctx context.Context, life ledger.Life) (ledger.Standing, error) {
	var s ledger.Standing
	err := l.db.inTx(ctx, func(tx pgx.Tx) error {
		r := &registering{tx, life}
		if err := r.run(ctx); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `UPDATE node SET seen_at = clock_timestamp(), life = $2, beats = beats + 1 WHERE id = $1
			RETURNING beats, disputed_at IS NOT NULL, `+holdSequence, life.Node, life.Life).Scan(&s.Beats, &s.Disputed, &s.Sequence)
	})
	if err != nil {
		return s, fmt.Errorf("register proxy %s: %w", life.Name, err)
	}
	return s, nil
}

type registering struct {
	tx   pgx.Tx
	life ledger.Life
}

// known is a proxy as it was found.
type known struct {
	ID, Name, Life string
	Seen           time.Time
	GivenUp        bool
	Holds          bool // Money is held for its calls.
}

func (k *known) unidentified() bool { return k.ID == k.Name && k.Life == "" }

func (r *registering) run(ctx context.Context) error {
	if _, err := r.tx.Exec(ctx, `LOCK TABLE node IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return err
	}
	mine, err := r.find(ctx, `id = $1`, r.life.Node)
	if err != nil {
		return err
	}
	named, err := r.find(ctx, `name = $1 AND given_up_at IS NULL`, r.life.Name)
	switch {
	case err != nil:
		return err
	case mine != nil && mine.Life != r.life.Life && mine.Life != "" && !slices.Contains(r.life.Former, mine.Life):
		return fmt.Errorf("%w: %s was started on another copy of this folder, which was seen last at %s. Use that one; if it is lost for good, "+
			"say so with `trunkline node give-up %s`, and start without node.json", ledger.ErrNodeCopy, mine.Name, mine.Seen.UTC().Format(time.RFC3339), mine.Name)
	case named != nil && (mine == nil || named.ID != mine.ID):
		return r.takeName(ctx, mine, named)
	case mine != nil:
		return r.comeBack(ctx, mine)
	}
	_, err = r.tx.Exec(ctx, `INSERT INTO node (id, name, life, seen_at) VALUES ($1, $2, $3, clock_timestamp())`, r.life.Node, r.life.Name, r.life.Life)
	if err != nil {
		return err
	}
	return r.note(ctx, "registered")
}

func (r *registering) find(ctx context.Context, where, what string) (*known, error) {
	rows, err := r.tx.Query(ctx, `SELECT id, name, life, seen_at, given_up_at IS NOT NULL, EXISTS (SELECT FROM hold WHERE node = n.id AND closed_at IS NULL)
		FROM node n WHERE `+where, what)
	if err != nil {
		return nil, err
	}
	k, err := pgx.CollectOneRow(rows, pgx.RowToAddrOfStructByPos[known])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // There is none.
	}
	return k, err
}

// takeName takes over what stands under the name since there were no identities. A new folder has nothing of what that one promised: it
// may do so where nothing is held.
func (r *registering) takeName(ctx context.Context, mine, named *known) error {
	if mine != nil || !named.unidentified() || (r.life.New && named.Holds) {
		return fmt.Errorf("%w: %s is that of %s, which was seen last at %s. Give this process a name of its own (TRUNKLINE_NODE); if the data folder of that one "+
			"is lost for good, say so with `trunkline node give-up %s`", ledger.ErrNodeTaken, named.Name, named.ID, named.Seen.UTC().Format(time.RFC3339), named.Name)
	}
	if _, err := r.tx.Exec(ctx, `UPDATE hold SET node = $2 WHERE node = $1 AND closed_at IS NULL`, named.ID, r.life.Node); err != nil {
		return err
	}
	if _, err := r.tx.Exec(ctx, `UPDATE node SET id = $2 WHERE id = $1`, named.ID, r.life.Node); err != nil {
		return err
	}
	return r.note(ctx, "adopted")
}

// comeBack notes what has changed since the last life.
func (r *registering) comeBack(ctx context.Context, mine *known) error {
	_, err := r.tx.Exec(ctx, `UPDATE node SET name = $2, given_up_at = NULL, given_up_why = '' WHERE id = $1`, r.life.Node, r.life.Name)
	if err == nil && mine.GivenUp {
		err = r.note(ctx, "back")
	}
	if err == nil && mine.Name != r.life.Name {
		err = r.note(ctx, "renamed")
	}
	return err
}

func (r *registering) note(ctx context.Context, what string) error {
	_, err := r.tx.Exec(ctx, `INSERT INTO node_event (node, name, what) VALUES ($1, $2, $3)`, r.life.Node, r.life.Name, what)
	return err
}

// Beat notes that a process is there, and that all holds of its proxy up to number clean belong to calls that are over with their legs in the
// stream; -1 says nothing new. It answers ErrNodeTwice where another process was started with the identity since, and ErrNoNode where the ledger
// does not know it, or knows an earlier start of it as it was restored from a backup: it is to be registered again. It may be repeated. Calls that must be over are taken out of the index of places by
// the way. A number that no hold has yet says that the ledger went back in time: it was restored from a backup. Then the holds that are
// open get numbers above it, so that none of a call in progress is taken for one of those.
func (l *Ledger) Beat(ctx context.Context, life ledger.Life, clean int64) (ledger.Standing, error) {
	var s ledger.Standing
	err := l.db.pool.QueryRow(ctx, `WITH mine AS (
			UPDATE node SET seen_at = clock_timestamp(), beats = beats + 1, clean_seq = CASE WHEN $3 <= `+holdSequence+` THEN greatest(clean_seq, $3) ELSE clean_seq END
			WHERE id = $1 AND life = $2 AND given_up_at IS NULL RETURNING beats, disputed_at IS NOT NULL AS disputed
		) SELECT beats, disputed, `+holdSequence+` FROM mine`, life.Node, life.Life, clean).Scan(&s.Beats, &s.Disputed, &s.Sequence)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return s, l.dispute(ctx, life)
	case err != nil:
		return s, fmt.Errorf("sign of life of %s: %w", life.Node, err)
	}
	if clean > s.Sequence {
		if s.Sequence, err = l.wentBack(ctx, life.Node, clean); err != nil {
			return s, fmt.Errorf("sign of life of %s: %w", life.Node, err)
		}
	}
	if _, err := l.db.pool.Exec(ctx, `SELECT age_places($1, $2)`, l.clock.Now(), expireBatch); err != nil {
		return s, fmt.Errorf("sign of life of %s: %w", life.Node, err)
	}
	return s, nil
}

// wentBack numbers all holds that are open above what a proxy knows of a history that this ledger has lost, and returns the last number.
func (l *Ledger) wentBack(ctx context.Context, node string, above int64) (last int64, err error) {
	err = l.db.inTx(ctx, func(tx pgx.Tx) error {
		// Whoever makes a hold now has finished before, or takes a number above.
		if _, err := tx.Exec(ctx, `LOCK TABLE hold IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT setval('hold_seq', greatest($1, `+holdSequence+`))`, above).Scan(&last); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE hold SET seq = nextval('hold_seq') WHERE closed_at IS NULL AND seq <= $1`, above); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT `+holdSequence).Scan(&last); err != nil {
			return err
		}
		return noteIncident(ctx, tx, Incident{
			Kind: repair.LedgerBack, Subject: "holds of " + node, Noticed: l.clock.Now(),
			Detail:  fmt.Sprintf("proxy %s knows of %d holds, the ledger had made fewer: it was restored from a backup, or a replica that was behind took over", node, above),
			Outcome: "the holds that are open were numbered anew",
		})
	})
	return last, err
}

// dispute notes that two processes have one identity: the ledger knows of a start that is none of the one that speaks.
func (l *Ledger) dispute(ctx context.Context, life ledger.Life) error {
	var n int
	err := l.db.pool.QueryRow(ctx, `WITH it AS (SELECT id, name, disputed_at FROM node WHERE id = $1 AND life <> $2 AND life <> ALL ($3) AND given_up_at IS NULL),
		noted AS (INSERT INTO node_event (node, name, what) SELECT id, name, 'disputed' FROM it WHERE disputed_at IS NULL),
		twice AS (UPDATE node n SET disputed_at = clock_timestamp() FROM it WHERE n.id = it.id RETURNING n.id)
		SELECT count(*) FROM twice`, life.Node, life.Life, slices.Concat(life.Former, []string{""})).Scan(&n)
	switch {
	case err != nil:
		return fmt.Errorf("sign of life of %s: %w", life.Node, err)
	case n == 0:
		return fmt.Errorf("%w: %s", ledger.ErrNoNode, life.Node)
	}
	return fmt.Errorf("%w: %s", ledger.ErrNodeTwice, life.Node)
}

// goneSQL is true of a hold whose call must be over by the ledger's own clock: with its granted time, that for setting it up, and some more.
const goneSQL = `h.kept_at + (h.seconds + 600) * interval '1 second' < clock_timestamp()`

const selectNode = `SELECT n.id, n.name, n.seen_at, n.clean_seq, n.settled_seq, coalesce(n.given_up_at, '0001-01-01T00:00:00Z'), n.given_up_why,
    coalesce(n.disputed_at, '0001-01-01T00:00:00Z'), count(h.call) FILTER (WHERE ` + goneSQL + `) +
    (SELECT count(*) FROM quota q WHERE q.node = n.id AND q.closed_at IS NULL AND q.calls > 0 AND n.seen_at + (q.reach + 600) * interval '1 second' < clock_timestamp()), n.beats
FROM node n LEFT JOIN hold h ON h.node = n.id AND h.closed_at IS NULL GROUP BY n.id ORDER BY n.name, n.id`

// Nodes returns the proxies that ever gave a sign of life.
func (l *Ledger) Nodes(ctx context.Context) ([]ledger.Node, error) {
	rows, err := l.db.pool.Query(ctx, selectNode)
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
// true of the books too, unless there are two that say it. It may be repeated.
func (l *Ledger) Settled(ctx context.Context, nodes []ledger.Node) error {
	batch := &pgx.Batch{}
	for _, n := range nodes {
		batch.Queue(`UPDATE node SET settled_seq = greatest(settled_seq, least($2, clean_seq)), settled_beat = greatest(settled_beat, $3)
			WHERE id = $1 AND given_up_at IS NULL AND disputed_at IS NULL`, n.ID, n.Clean, n.Beats)
	}
	if err := l.db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("settle proxies: %w", err)
	}
	return nil
}

// GiveUp says that a proxy will never come back and its legs are lost: what is held for its calls is given back as soon as
// they must be over. It is named by its name or its identity. A sign of life takes it back.
func (l *Ledger) GiveUp(ctx context.Context, node, reason string) error {
	return l.changeNode(ctx, node, reason, "given_up", `given_up_at = clock_timestamp(), given_up_why = $2`)
}

// Resolve says that of two processes with the identity of a proxy the one that is not the latest is stopped, and that what it had is accounted for
// or lost. It is named by its name or its identity.
func (l *Ledger) Resolve(ctx context.Context, node, reason string) error {
	return l.changeNode(ctx, node, reason, "resolved", `disputed_at = NULL`)
}

// Note writes down what an operator did about what was damaged on a proxy's disk: "damage_sent" or "damage_settled".
func (l *Ledger) Note(ctx context.Context, node, name, what, reason string) error {
	_, err := l.db.pool.Exec(ctx, `INSERT INTO node_event (node, name, what, reason) VALUES ($1, $2, $3, $4)`, node, name, what, reason)
	if err != nil {
		return fmt.Errorf("note about proxy %s: %w", name, err)
	}
	return nil
}

// NodeEvents returns what became of proxies, the latest first.
func (l *Ledger) NodeEvents(ctx context.Context, limit int) ([]ledger.NodeEvent, error) {
	rows, err := l.db.pool.Query(ctx, `SELECT at, node, name, what, reason FROM node_event ORDER BY id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("events of proxies: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[ledger.NodeEvent])
}

func (l *Ledger) changeNode(ctx context.Context, node, reason, what, set string) error {
	tag, err := l.db.pool.Exec(ctx, `WITH one AS (UPDATE node SET `+set+` WHERE (id = $1 OR (name = $1 AND given_up_at IS NULL)) AND $2 <> '' RETURNING id, name)
		INSERT INTO node_event (node, name, what, reason) SELECT id, name, $3, $2 FROM one`, node, reason, what)
	switch {
	case err != nil:
		return fmt.Errorf("proxy %s: %w", node, err)
	case tag.RowsAffected() == 0:
		return fmt.Errorf("%w: %s", ledger.ErrNoNode, node)
	}
	return nil
}
