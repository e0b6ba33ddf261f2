package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trunkline/reports/retention"
)

// errChanged is returned when calls of a part are not those that are to be dropped.
var errChanged = errors.New("the calls are not those that were to be dropped")

// Settle implements retention.CallStore.
func (r *Retention) Settle(ctx context.Context) error {
	var there uint64
	db := r.store.db.conn
	if err := db.QueryRow(ctx, `SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = ?`, leaving).Scan(&there); err != nil {
		return fmt.Errorf("days that were leaving: %w", err)
	}
	if there > 0 {
		if err := r.putBack(ctx); err != nil {
			return fmt.Errorf("days that were leaving: %w", err)
		}
	}
	return r.store.mutated(ctx, "cdr")
}

// putBack moves days that were taken out to where they were. Moving tells no sums.
func (r *Retention) putBack(ctx context.Context) error {
	db := r.store.db.conn
	var days []string
	if err := db.QueryRow(ctx, `SELECT arraySort(groupUniqArray(partition)) FROM system.parts WHERE database = currentDatabase() AND table = ? AND active`, leaving).Scan(&days); err != nil {
		return err
	}
	for _, d := range days {
		if err := db.Exec(ctx, "ALTER TABLE "+leaving+" MOVE PARTITION "+d+" TO TABLE cdr"); err != nil {
			return err
		}
	}
	return db.Exec(ctx, "DROP TABLE "+leaving+" SYNC")
}

// Retire implements retention.CallStore. A day of which all goes is dropped as a partition, and else its rows are removed. Sums are not
// touched: whoever inserts calls fills them.
func (r *Retention) Retire(ctx context.Context, id int64, p retention.Part, f retention.Figures) error {
	there, err := r.Figures(ctx, p)
	if err == nil && there != f {
		err = errChanged
	}
	if err == nil {
		err = r.note(ctx, id, &p)
	}
	var whole bool
	if err == nil {
		whole, err = r.dropDay(ctx, &p, f)
	}
	if err == nil && !whole {
		where, args := ofPart(&p)
		err = r.store.remove(ctx, "cdr", where, args...)
	}
	if err != nil {
		return fmt.Errorf("drop calls of %s: %w", p.Day.Format(time.DateOnly), err)
	}
	return nil
}

// note keeps what the batches had that are dropped. It may be repeated.
func (r *Retention) note(ctx context.Context, id int64, p *retention.Part) error {
	where, args := ofPart(p)
	return r.store.db.conn.Exec(ctx, fmt.Sprintf("INSERT INTO cdr_retired (entry, day, batch, key, rows, sale, cost) SELECT %d, toDate('%s'), batch, batch_key, toInt64(count()), sum(cdr.sale * sign), sum(cdr.cost * sign) FROM cdr WHERE %s GROUP BY batch, batch_key",
		id, p.Day.Format(time.DateOnly), where), args...)
}

// dropDay drops a day as a partition, if it has nothing but the part. It is moved out first, at once: what comes in meanwhile begins the
// partition anew.
func (r *Retention) dropDay(ctx context.Context, p *retention.Part, f retention.Figures) (bool, error) {
	db, name := r.store.db.conn, p.Day.Format("20060102")
	all, err := r.figures(ctx, "cdr WHERE toYYYYMMDD(slot) = "+name)
	if err != nil || all != f {
		return false, err
	}
	// Made anew each time, so that it has the columns that calls have now.
	if err := db.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+leaving+" AS cdr"); err != nil {
		return false, err
	}
	if err := db.Exec(ctx, "ALTER TABLE cdr MOVE PARTITION "+name+" TO TABLE "+leaving); err != nil {
		return false, err
	}
	out, err := r.figures(ctx, leaving)
	if err != nil {
		return false, err
	}
	if out != f {
		return false, r.putBack(ctx)
	}
	return true, db.Exec(ctx, "DROP TABLE "+leaving+" SYNC")
}

// Unretire implements retention.CallStore.
func (r *Retention) Unretire(ctx context.Context, id int64) error {
	if err := r.store.remove(ctx, "cdr_retired", "entry = ?", id); err != nil {
		return fmt.Errorf("take back what was noted as dropped: %w", err)
	}
	return nil
}

// RetiredDays returns the UTC days in [from, till) of which calls were dropped, in order.
func (s *Store) RetiredDays(ctx context.Context, from, till time.Time) ([]time.Time, error) {
	var days []time.Time
	err := s.db.conn.QueryRow(ctx, `SELECT arraySort(groupUniqArray(day)) FROM cdr_retired WHERE day >= toDate(?) AND day <= toDate(?)`,
		from.UTC().Format(time.DateOnly), till.UTC().Add(-1).Format(time.DateOnly)).Scan(&days)
	if err != nil {
		return nil, fmt.Errorf("days of which calls were dropped: %w", err)
	}
	for i := range days {
		days[i] = days[i].UTC()
	}
	return days, nil
}
