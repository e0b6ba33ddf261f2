package clickhouse

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/rating/worker"
	"trunkline/rating/worker/repair"
)

// Owner returns the id of the ledger whose calls these are; empty: nobody has said so yet.
func (s *Store) Owner(ctx context.Context) (string, error) {
	var id string
	if err := s.db.conn.QueryRow(ctx, `SELECT if(count() = 0, '', toString(argMax(ledger, since))) FROM ledger_owner`).Scan(&id); err != nil {
		return "", fmt.Errorf("owner of the calls: %w", err)
	}
	return id, nil
}

// Own says whose calls these are.
func (s *Store) Own(ctx context.Context, ledger string) error {
	if err := s.db.conn.Exec(ctx, `INSERT INTO ledger_owner (ledger) SELECT toUUID(?)`, ledger); err != nil {
		return fmt.Errorf("owner of the calls: %w", err)
	}
	return nil
}

// StoredBatches returns how many rows there are of each batch with an id in [from, till], in the order of the ids, as the marks in the sums
// say: a batch of which the records are there and the sums are not is not stored yet.
func (s *Store) StoredBatches(ctx context.Context, from, till int64) (out []repair.Stored, err error) {
	rows, err := s.db.conn.Query(ctx, `SELECT batch, key, sum(legs) AS n FROM cdr_sum WHERE grain = 'batch' AND tenant = '' AND batch >= ? AND batch <= ? `+
		`GROUP BY batch, key HAVING n <> 0 ORDER BY batch, key`, from, till)
	if err != nil {
		return nil, fmt.Errorf("stored batches: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var one repair.Stored
		if err := rows.Scan(&one.Number, &one.Key, &one.Rows); err != nil {
			return nil, fmt.Errorf("stored batches: %w", err)
		}
		out = append(out, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("stored batches: %w", err)
	}
	return out, nil
}

// RowsOf returns how many records of a batch there are, whose records are given: it looks at the days that they count in.
func (s *Store) RowsOf(ctx context.Context, records []cdr.Record) (n int64, err error) {
	if len(records) == 0 {
		return 0, nil
	}
	days := make(map[string]bool)
	for i := range records {
		days["'"+records[i].Slot.UTC().Format(time.DateOnly)+"'"] = true
	}
	of := strings.Join(slices.Sorted(maps.Keys(days)), ", ")
	one := &records[0]
	var rows uint64
	if err := s.db.conn.QueryRow(ctx, `SELECT count() FROM cdr WHERE toDate(slot) IN (`+of+`) AND batch = ? AND batch_key = ?`, one.Batch, one.BatchKey).Scan(&rows); err != nil {
		return 0, fmt.Errorf("stored batch %d: %w", one.Batch, err)
	}
	return int64(rows), nil
}

// LastStored returns the highest id of a batch that is here; 0: there is none.
func (s *Store) LastStored(ctx context.Context) (id int64, err error) {
	if err := s.db.conn.QueryRow(ctx, `SELECT max(batch) FROM cdr_sum WHERE grain = 'batch'`).Scan(&id); err != nil {
		return 0, fmt.Errorf("stored batches: %w", err)
	}
	return id, nil
}

// CountBatches makes the sums of the months anew, with the marks of their batches, that do not agree with the records and with what
// retention has dropped of them, as after a restore of one of them. Calls that come in meanwhile make it be done again; when that does not
// end, it is ErrBusy.
func (s *Store) CountBatches(ctx context.Context) error {
	months, err := s.unmarked(ctx)
	if err != nil {
		return fmt.Errorf("count batches: %w", err)
	}
	for _, month := range months {
		if err := s.rebuildMonth(ctx, month); err != nil {
			return fmt.Errorf("count batches: sums of %s: %w", month, err)
		}
	}
	return nil
}

// ofBatches is the condition for rows of batches.
func ofBatches(batches []repair.ID) string {
	var b strings.Builder
	b.WriteString("(batch, batch_key) IN (")
	for i, id := range batches {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(" + strconv.FormatInt(id.Number, 10) + ", " + strconv.FormatInt(id.Key, 10) + ")")
	}
	b.WriteString(")")
	return b.String()
}

// SetAside takes the rows of batches out of the calls and keeps them in cdr_aside, and makes the sums of their months anew, with which
// their marks go. A run that is interrupted is finished by the next, as the marks go last.
func (s *Store) SetAside(ctx context.Context, batches []repair.ID) error {
	rows := ofBatches(batches)
	copied := "INSERT INTO cdr_aside SELECT *, now() AS aside_at FROM cdr WHERE " + rows +
		" AND (call, seq, sign, batch, batch_key) NOT IN (SELECT call, seq, sign, batch, batch_key FROM cdr_aside WHERE " + rows + ")"
	if err := s.db.conn.Exec(ctx, copied); err != nil {
		return fmt.Errorf("set %d batches aside: %w", len(batches), err)
	}
	if err := s.remove(ctx, "cdr", rows); err != nil {
		return fmt.Errorf("set %d batches aside: %w", len(batches), err)
	}
	var months []string
	if err := s.db.conn.QueryRow(ctx, "SELECT arraySort(groupUniqArray(toString(toYYYYMM(slot)))) FROM cdr_aside WHERE "+rows).Scan(&months); err != nil {
		return fmt.Errorf("set %d batches aside: %w", len(batches), err)
	}
	for _, month := range months {
		if err := s.rebuildMonth(ctx, month); err != nil {
			return fmt.Errorf("sums of %s: %w", month, err)
		}
	}
	return nil
}

// remove takes rows out of a table. The server rewrites the parts that have them by itself, which may take longer than a connection
// waits for an answer, and is asked until it is done.
func (s *Store) remove(ctx context.Context, table, rows string, args ...any) error {
	if err := s.db.conn.Exec(ctx, "ALTER TABLE "+table+" DELETE WHERE "+rows, args...); err != nil {
		return err
	}
	return s.mutated(ctx, table)
}

// mutated waits until what was to be changed or removed of a table is.
func (s *Store) mutated(ctx context.Context, table string) error {
	return poll(ctx, func() (bool, error) {
		var left uint64
		var cause string
		err := s.db.conn.QueryRow(ctx, `SELECT count(), max(latest_fail_reason) FROM system.mutations `+
			`WHERE database = currentDatabase() AND table = ? AND NOT is_done`, table).Scan(&left, &cause)
		if err == nil && left > 0 && cause != "" {
			err = fmt.Errorf("rows of %s cannot be changed or removed: %s", table, cause)
		}
		return left == 0, err
	})
}

// knownAtOnce is how many legs are looked for in one question.
const knownAtOnce = 5000

// Known returns which of the legs are here.
func (s *Store) Known(ctx context.Context, legs []cdr.Leg) (map[worker.LegID]bool, error) {
	out := make(map[worker.LegID]bool)
	for rest := legs; len(rest) > 0; {
		n := min(knownAtOnce, len(rest))
		if err := s.known(ctx, rest[:n], out); err != nil {
			return nil, fmt.Errorf("look for %d legs: %w", n, err)
		}
		rest = rest[n:]
	}
	return out, nil
}

func (s *Store) known(ctx context.Context, legs []cdr.Leg, out map[worker.LegID]bool) error {
	ids := make([]string, len(legs))
	for i := range legs {
		ids[i] = legs[i].Call.String()
	}
	rows, err := s.db.conn.Query(ctx, `SELECT DISTINCT call, seq FROM cdr WHERE call IN (SELECT toUUID(arrayJoin(?)))`, ids)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var call uuid.UUID
		var seq uint16
		if err := rows.Scan(&call, &seq); err != nil {
			return err
		}
		id, err := calls.IDFromBytes(call[:])
		if err != nil {
			return err
		}
		out[worker.LegID{Call: id, Seq: seq}] = true
	}
	return rows.Err()
}

// AsideLegs returns the legs of records that were set aside, each once, in the order of their setup, after one that was returned
// before; the zero leg is the beginning.
func (s *Store) AsideLegs(ctx context.Context, after cdr.Leg, limit int) ([]cdr.Leg, error) {
	records, err := s.whole(ctx, strings.Replace(wholeRow, "SELECT * EXCEPT (", "SELECT * EXCEPT (aside_at, ", 1)+
		"FROM cdr_aside WHERE sign = 1 AND (setup, call, seq) > (fromUnixTimestamp64Micro(?, 'UTC'), toUUID(?), ?) "+
		"ORDER BY setup, call, seq, batch DESC LIMIT 1 BY call, seq LIMIT ?", stored(after.Setup).UnixMicro(), after.Call.String(), after.Seq, limit)
	if err != nil {
		return nil, err
	}
	legs := make([]cdr.Leg, len(records))
	for i := range records {
		legs[i] = records[i].Leg
	}
	return legs, nil
}
