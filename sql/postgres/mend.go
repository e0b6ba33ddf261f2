package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/cdr"
)

// Errors of what is done about legs that could not be rated.
var (
	ErrNoDead = errors.New("no such unrated leg waits")
	ErrMend   = errors.New("the leg cannot be mended so")
)

// Mending says what times an unrated leg is to have instead of its own.
type Mending struct {
	ID                         int64
	Setup, Connect, Disconnect time.Time // UTC; a zero one stays as it is.
	Reason                     string
	By                         string // Who does it.
}

// Mend gives an unrated leg other times. The leg as it was is kept with the reason. It is to be rated again then. A repetition does the
// same once more. It answers ErrNoDead or ErrMend.
func (b *Books) Mend(ctx context.Context, m Mending) error {
	return b.db.inTx(ctx, func(tx pgx.Tx) error {
		dead, err := waiting(ctx, tx, []int64{m.ID})
		switch {
		case err != nil:
			return err
		case len(dead) == 0:
			return fmt.Errorf("%w: %d was rated or written off meanwhile, or never was", ErrNoDead, m.ID)
		case dead[0].Leg == nil:
			return fmt.Errorf("%w: %d is no leg that can be read; it can be written off", ErrMend, m.ID)
		}
		leg := *dead[0].Leg
		if err := m.apply(&leg, b.clock.Now()); err != nil {
			return err
		}
		if err := b.note(ctx, tx, &dead[0], "mended", m.Reason, m.By); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE dead_leg SET message = $2, slot = $3 WHERE id = $1`, m.ID, cdr.AppendLeg(nil, &leg), cdr.SlotOf(&leg))
		return err
	})
}

// apply changes the times, if what comes of it makes sense.
func (m *Mending) apply(leg *cdr.Leg, now time.Time) error {
	for _, t := range []struct {
		new time.Time
		old *time.Time
	}{{m.Setup, &leg.Setup}, {m.Connect, &leg.Connect}, {m.Disconnect, &leg.Disconnect}} {
		if !t.new.IsZero() {
			*t.old = t.new.UTC()
		}
	}
	answered := !leg.Connect.IsZero()
	if !leg.Progress.IsZero() && (leg.Progress.Before(leg.Setup) || (answered && leg.Progress.After(leg.Connect))) {
		leg.Progress = time.Time{} // It was by the clock that was wrong.
	}
	switch {
	case leg.Setup.IsZero() || leg.Disconnect.IsZero():
		return fmt.Errorf("%w: it needs a time of setup and one of its end", ErrMend)
	case answered && leg.Connect.Before(leg.Setup):
		return fmt.Errorf("%w: it would be connected at %s, before its setup at %s", ErrMend, stamp(leg.Connect), stamp(leg.Setup))
	case answered && leg.Disconnect.Before(leg.Connect), leg.Disconnect.Before(leg.Setup):
		return fmt.Errorf("%w: it would end at %s, before it began", ErrMend, stamp(leg.Disconnect))
	case leg.Disconnect.After(now):
		return fmt.Errorf("%w: it would end at %s, which is in the future", ErrMend, stamp(leg.Disconnect))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// waiting returns unrated legs that wait, locked.
func waiting(ctx context.Context, tx pgx.Tx, ids []int64) ([]DeadLeg, error) {
	rows, err := tx.Query(ctx, selectDead+` FOR UPDATE`, DeadFilter{IDs: ids, Limit: MaxLines}.args()...)
	if err != nil {
		return nil, fmt.Errorf("unrated legs: %w", err)
	}
	return pgx.CollectRows(rows, scanDead)
}

func (b *Books) note(ctx context.Context, tx pgx.Tx, d *DeadLeg, what, reason, by string) error {
	_, err := tx.Exec(ctx, `INSERT INTO dead_change (dead, what, reason, done_by, before, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		d.ID, what, reason, by, d.Message, b.clock.Now())
	if err != nil {
		return fmt.Errorf("note what was done about unrated leg %d: %w", d.ID, err)
	}
	return nil
}

// WriteOff says that unrated legs are never to be rated: nobody is charged for them, and they hold up no invoice. They are kept, with the
// reason. It returns how many there were that waited, and may be repeated.
func (b *Books) WriteOff(ctx context.Context, ids []int64, reason, by string) (n int, err error) {
	err = b.db.inTx(ctx, func(tx pgx.Tx) error {
		dead, err := waiting(ctx, tx, ids)
		if err != nil || len(dead) == 0 {
			return err
		}
		n = len(dead)
		for i := range dead {
			if err := b.note(ctx, tx, &dead[i], "written_off", reason, by); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `WITH b AS (INSERT INTO batch (source, legs, records, dead, made_at, stored_at) VALUES ('written off', $2, 0, 0, $3, $3) RETURNING id)
			UPDATE dead_leg d SET settled_by = b.id FROM b WHERE d.id = ANY ($1) AND d.settled_by IS NULL`, ids, n, b.clock.Now())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("write %d legs off: %w", len(ids), err)
	}
	return n, nil
}
