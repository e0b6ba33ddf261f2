package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"

	"trunkline/reports/retention"
)

// callTables are the tables that have calls, one by one.
func callTables() []string { return []string{"cdr", "cdr_aside"} }

// erasing has the spellings of a number while it is erased: a mutation that had it in its text would be remembered with it.
const erasing = "cdr_erasing"

const (
	hisNumber    = "(SELECT any(spelling) FROM " + erasing + " WHERE main)"
	hisMask      = "(SELECT any(mask) FROM " + erasing + " WHERE main)"
	hisSpellings = "(SELECT groupArray(spelling) FROM " + erasing + ")"
)

// names is the condition for rows that name the person in one of their columns.
func names() string {
	some := []string{"from_number = " + hisNumber, "to_number = " + hisNumber}
	for _, c := range []string{"caller_id", "dialled", "trace", "raw"} {
		some = append(some, namedIn(c))
	}
	return "(" + strings.Join(some, " OR ") + ")"
}

func namedIn(column string) string { return "multiSearchAny(" + column + ", " + hisSpellings + ")" }

// withPerson runs f while the table of spellings is there.
func (r *Retention) withPerson(ctx context.Context, p *retention.Person, f func() error) error {
	db := r.store.db.conn
	for _, table := range callTables() { // A mutation that an interrupted erasure left reads the table that is dropped here.
		if err := r.store.mutated(ctx, table); err != nil {
			return err
		}
	}
	for _, statement := range []string{
		"DROP TABLE IF EXISTS " + erasing + " SYNC",
		"CREATE TABLE " + erasing + " (spelling String, mask String, main Bool) ENGINE = MergeTree ORDER BY spelling",
	} {
		if err := db.Exec(ctx, statement); err != nil {
			return err
		}
	}
	batch, err := db.PrepareBatch(ctx, "INSERT INTO "+erasing)
	if err != nil {
		return err
	}
	defer batch.Close()
	for i, s := range p.Spellings {
		if err := batch.Append(s, retention.Mask(s), i == 0); err != nil {
			return err
		}
	}
	if err := batch.Send(); err != nil {
		return err
	}
	// It stays when f was broken off: the server may still be changing rows by it.
	if err := f(); err != nil {
		return err
	}
	return db.Exec(ctx, "DROP TABLE IF EXISTS "+erasing+" SYNC")
}

// Find implements retention.People.
func (r *Retention) Find(ctx context.Context, p retention.Person, h retention.Held) (out []retention.Found, err error) {
	where, args := held(h)
	err = r.withPerson(ctx, &p, func() error {
		for _, table := range callTables() {
			f := retention.Found{Place: table}
			var rows, kept, newest uint64
			query := "SELECT count(), countIf(" + where + "), toUInt64(toUnixTimestamp(maxIf(slot, NOT " + where + "))) FROM " + table + " WHERE " + names()
			if err := r.store.db.conn.QueryRow(ctx, query, append(args, args...)...).Scan(&rows, &kept, &newest); err != nil {
				return err
			}
			f.Rows, f.Held = int64(rows), int64(kept)
			if newest > 0 {
				f.Newest = time.Unix(int64(newest), 0).UTC()
			}
			out = append(out, f)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for a number in calls: %w", err)
	}
	return out, nil
}

// Erase implements retention.People. Sums, prices, times and what tells the destination are not touched.
func (r *Retention) Erase(ctx context.Context, p retention.Person, h retention.Held) error {
	where, args := held(h)
	set := strings.Join([]string{
		"caller_id = if(from_number = " + hisNumber + " OR " + namedIn("caller_id") + ", '" + retention.Erased + "', caller_id)",
		"dialled = if(to_number = " + hisNumber + " OR " + namedIn("dialled") + ", " + hisMask + ", dialled)",
		"from_number = if(from_number = " + hisNumber + ", " + hisMask + ", from_number)",
		"to_number = if(to_number = " + hisNumber + ", " + hisMask + ", to_number)",
		"trace = ''", "raw = ''",
	}, ", ")
	err := r.withPerson(ctx, &p, func() error {
		for _, table := range callTables() {
			if err := r.change(ctx, table, set, names()+" AND NOT "+where, args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("erase a number from calls: %w", err)
	}
	return nil
}

// change changes rows of a table, and waits until they are.
func (r *Retention) change(ctx context.Context, table, set, where string, args ...any) error {
	if err := r.store.db.conn.Exec(ctx, "ALTER TABLE "+table+" UPDATE "+set+" WHERE "+where, args...); err != nil {
		return err
	}
	return r.store.mutated(ctx, table)
}

// columnOfKind is the column that a kind is blanked in.
func columnOfKind(k retention.Kind) string {
	if k == retention.Traces {
		return "trace"
	}
	return "raw"
}

// Filled implements retention.ColumnStore.
func (r *Retention) Filled(ctx context.Context, k retention.Kind, before time.Time, h retention.Held) (all, free retention.Stock, err error) {
	column := columnOfKind(k)
	where, args := held(h)
	query := "SELECT count(), sum(length(" + column + ")), toUInt64(toUnixTimestamp(min(slot))), countIf(NOT " + where + "), sumIf(length(" + column + "), NOT " + where + ") FROM cdr WHERE " + column + " <> ''"
	args = append(args, args...)
	if !before.IsZero() {
		query += " AND slot < toDateTime(?, 'UTC')"
		args = append(args, before.Unix())
	}
	var rows, size, oldest, freeRows, freeSize uint64
	if err := r.store.db.conn.QueryRow(ctx, query, args...).Scan(&rows, &size, &oldest, &freeRows, &freeSize); err != nil {
		return all, free, fmt.Errorf("%s in calls: %w", k, err)
	}
	all.Rows, all.Bytes, free.Rows, free.Bytes = int64(rows), int64(size), int64(freeRows), int64(freeSize)
	if rows > 0 {
		all.Oldest = time.Unix(int64(oldest), 0).UTC()
	}
	return all, free, nil
}

// Blank implements retention.ColumnStore.
func (r *Retention) Blank(ctx context.Context, k retention.Kind, before time.Time, h retention.Held) error {
	where, args := held(h)
	column := columnOfKind(k)
	if err := r.change(ctx, "cdr", column+" = ''", column+" <> '' AND slot < toDateTime(?, 'UTC') AND NOT "+where, append([]any{before.Unix()}, args...)...); err != nil {
		return fmt.Errorf("blank %s of calls: %w", k, err)
	}
	return nil
}
