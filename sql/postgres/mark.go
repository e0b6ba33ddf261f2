package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"trunkline/cdr"
	"trunkline/rating/worker"
)

// Restart moves marks that do not fit the stream to where it goes on, and notes each break as an incident: one by which messages
// were lost stays open until somebody has looked at it.
func (b *Books) Restart(ctx context.Context, topic string, breaks []cdr.Break) error {
	err := b.db.inTx(ctx, func(tx pgx.Tx) error {
		for _, s := range breaks {
			tag, err := tx.Exec(ctx, `UPDATE stream_mark SET next = $5, topic_id = $6, last = $7 `+
				`WHERE topic = $1 AND part = $2 AND next = $3 AND topic_id = $4`, topic, s.Part, s.Next, s.Topic, s.Now.Next, s.Now.Topic, s.Now.Last)
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				return fmt.Errorf("%w: part %d does not stand at %d", worker.ErrMoved, s.Part, s.Next)
			}
			outcome := fmt.Sprintf("read on from offset %d; legs that are known are passed over", s.Now.Next)
			if s.Lost != 0 {
				outcome = ""
			}
			err = noteIncident(ctx, tx, Incident{
				Kind: s.Kind, Subject: fmt.Sprintf("%s/%d from %d", topic, s.Part, s.Next), Detail: s.Cause, Noticed: b.clock.Now(), Outcome: outcome,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("move marks of %s: %w", topic, err)
	}
	return nil
}

// refused wraps the errors that say that what was sent cannot be taken whenever it is tried, as worker.ErrRefused: data
// exceptions, violated checks, values that have no form in the database, and prices that overflow.
func refused(err error) error {
	if err == nil || errors.Is(err, worker.ErrRefused) {
		return err
	}
	if failed, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case strings.HasPrefix(failed.Code, "22"), failed.Code == codeCheckViolation, failed.Code == codeNotNull, failed.Code == codeTooLarge:
			return fmt.Errorf("%w: %w", worker.ErrRefused, err)
		}
		return err
	}
	if strings.Contains(err.Error(), "failed to encode args") || errors.Is(err, errRating) {
		return fmt.Errorf("%w: %w", worker.ErrRefused, err)
	}
	return err
}

// Codes of PostgreSQL for a value that must not be missing, and one that is larger than it can be.
const (
	codeNotNull  = "23502"
	codeTooLarge = "54000"
)

// errRating marks errors of the rules of rating, which come again for the same legs.
var errRating = errors.New("rate")
