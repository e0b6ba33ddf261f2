package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/rating/worker"
)

const (
	dayFormat = "20060102"
	daysBack  = 400 // Days for which partitions are made; older and later ids share one.
	daysAhead = 2
	daysKnown = 1000
)

// ensureDays makes the partitions of rated_leg for the days of the legs' call ids.
func (b *Books) ensureDays(ctx context.Context, legs []cdr.Leg) error {
	now := b.clock.Now()
	var last string
	for i := range legs {
		day, ok := dayOf(legs[i].Call)
		if !ok || day.Before(now.AddDate(0, 0, -daysBack)) || day.After(now.AddDate(0, 0, daysAhead)) {
			continue
		}
		name := day.Format(dayFormat)
		if name == last {
			continue
		}
		last = name
		if b.knows(name) {
			continue
		}
		if err := b.makeDay(ctx, day); err != nil {
			return fmt.Errorf("make the partition for the legs of %s: %w", name, err)
		}
		b.learn(name)
	}
	return nil
}

func (b *Books) knows(day string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.days[day]
}

func (b *Books) learn(day string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.days) > daysKnown {
		clear(b.days)
	}
	b.days[day] = true
}

// dayOf returns the UTC day at which an id was minted; false for one that is no UUIDv7.
func dayOf(call calls.ID) (time.Time, bool) {
	id := uuid.UUID(call.Bytes())
	if id.Version() != 7 {
		return time.Time{}, false
	}
	var ms [8]byte
	copy(ms[2:], id[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(ms[:]))).UTC().Truncate(24 * time.Hour), true //nolint:gosec // 48 bits.
}

// dayBound is the least id of a day.
func dayBound(day time.Time) uuid.UUID {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(day.UnixMilli()))
	var id uuid.UUID
	copy(id[:6], ms[2:])
	return id
}

// Codes of PostgreSQL for a table that is there already, or was made at the same time by another.
const (
	codeDuplicateTable  = "42P07"
	codeUniqueViolation = "23505"
	codeCheckViolation  = "23514"
)

// makeDay makes one partition. Where legs of the day are in the common partition already, they stay there and those that
// come go there too.
func (b *Books) makeDay(ctx context.Context, day time.Time) error {
	statement := fmt.Sprintf("CREATE TABLE IF NOT EXISTS rated_leg_%s PARTITION OF rated_leg FOR VALUES FROM ('%s') TO ('%s')",
		day.Format(dayFormat), dayBound(day), dayBound(day.AddDate(0, 0, 1)))
	_, err := b.db.pool.Exec(ctx, statement)
	if failed, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch failed.Code {
		case codeDuplicateTable, codeUniqueViolation, codeCheckViolation:
			return nil
		}
	}
	return err
}

// DropDays removes what is known of the legs of calls minted before a day, and returns how many days that were. A leg of
// such a call that comes later is not taken for new but kept among the unratable, so the day should be older than
// anything that the stream, a spool or an importer can still bring. What legs used of allowances is kept: they may be priced again.
func (b *Books) DropDays(ctx context.Context, before time.Time) (int, error) {
	if _, err := b.db.pool.Exec(ctx, `UPDATE rated_leg_floor SET day = greatest(day, $1::date)`, before.UTC()); err != nil {
		return 0, fmt.Errorf("drop old legs: %w", err)
	}
	rows, err := b.db.pool.Query(ctx, `SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid `+
		`WHERE i.inhparent = 'rated_leg'::regclass AND c.relname ~ '^rated_leg_[0-9]{8}$' AND c.relname < $1 ORDER BY 1`,
		"rated_leg_"+before.UTC().Format(dayFormat))
	if err != nil {
		return 0, fmt.Errorf("drop old legs: %w", err)
	}
	names, err := collectText(rows)
	if err != nil {
		return 0, fmt.Errorf("drop old legs: %w", err)
	}
	for i, name := range names {
		if _, err := b.db.pool.Exec(ctx, "DROP TABLE IF EXISTS "+name); err != nil {
			return i, fmt.Errorf("drop old legs: %w", err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.days)
	return len(names), nil
}

// ReasonTooOld is the word for a leg of which it is no longer known whether it was accounted for.
const ReasonTooOld = "too_old"

// sift takes out the legs of calls from before the floor. The lock keeps DropDays from moving it meanwhile.
func (p *posting) sift(ctx context.Context, legs []cdr.Leg) (known []cdr.Leg, old []worker.DeadLetter, err error) {
	var floor time.Time
	if err := p.tx.QueryRow(ctx, `SELECT day FROM rated_leg_floor FOR SHARE`).Scan(&floor); err != nil {
		return nil, nil, fmt.Errorf("floor of legs: %w", err)
	}
	first := slices.IndexFunc(legs, func(l cdr.Leg) bool { return below(l.Call, floor) })
	if first < 0 {
		return legs, nil, nil
	}
	for i := range legs {
		if l := &legs[i]; below(l.Call, floor) {
			old = append(old, worker.DeadLetter{
				Leg: l, Message: cdr.AppendLeg(nil, l), Reason: ReasonTooOld,
				Detail: "it is no longer known whether legs of that day were accounted for",
			})
			continue
		}
		known = append(known, legs[i])
	}
	return known, old, nil
}

func below(call calls.ID, floor time.Time) bool {
	day, ok := dayOf(call)
	return ok && day.Before(floor)
}
