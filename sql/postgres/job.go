package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"trunkline/internal/clock"
	"trunkline/job"
)

// Bounds of what is kept.
const (
	jobsMine     = 5 // Unfinished jobs of one person or program.
	resultsMine  = 5 // Results of one; older ones are thrown away.
	resultsAll   = 8 << 30
	resultLast   = 24 * time.Hour
	jobLast      = 90 * 24 * time.Hour
	jobLostAfter = 30 * time.Second
)

// Jobs keeps long work. It is safe for concurrent use.
type Jobs struct {
	db    *DB
	clock clock.Clock
}

// NewJobs returns the store on a database whose migrations have run.
func NewJobs(db *DB, c clock.Clock) *Jobs { return &Jobs{db, c} }

// Open implements job.Book.
func (s *Jobs) Open(ctx context.Context, j *job.Job) error {
	if err := s.bury(ctx); err != nil {
		return err
	}
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		var mine int
		var room int64
		// Whoever opens one waits for whoever opens another, so that the bounds hold.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('trunkline job'))`); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `SELECT count(*) FILTER (WHERE by_whom = $1 AND ended_at IS NULL), coalesce(sum(size), 0) FROM job`, j.By).Scan(&mine, &room)
		if err != nil {
			return err
		}
		if mine >= jobsMine {
			return fmt.Errorf("%w: %d jobs of yours are not over yet", job.ErrFull, mine)
		}
		if room+job.MaxResult > resultsAll {
			return fmt.Errorf("%w: results take %d MiB; they are kept for a day", job.ErrFull, room>>20)
		}
		_, err = tx.Exec(ctx, `INSERT INTO job (id, kind, by_whom, role, needs, tenant, branch, subject, asked, node, state, asked_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			j.ID, j.Kind, j.By, j.Role, orEmpty(j.Needs), j.Tenant, j.Branch, j.Subject, j.Purpose, j.Node, j.State, j.Requested)
		return err
	})
	var fault *pgconn.PgError
	if errors.As(err, &fault) && fault.ConstraintName == "job_alone" {
		return fmt.Errorf("%w: %s %s", job.ErrBusy, j.Kind, j.Subject)
	}
	return wrapJob(err, "open a job")
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func wrapJob(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Beat implements job.Book.
func (s *Jobs) Beat(ctx context.Context, id string, at job.Standing) (stop bool, err error) {
	err = s.db.pool.QueryRow(ctx, `UPDATE job SET state = $2, done = $3, total = $4, note = $5, figures = $6, link = $7, beat_at = now(),
			started_at = $8
		WHERE id = $1 AND ended_at IS NULL RETURNING stop_by <> ''`,
		id, at.State, at.Done, at.Total, at.Note, orEmpty(at.Figures), at.Link, orNull(at.Started)).Scan(&stop)
	if errors.Is(err, pgx.ErrNoRows) {
		err = job.ErrGone
	}
	return stop, wrapJob(err, "tell how far a job is")
}

// Part implements job.Book.
func (s *Jobs) Part(ctx context.Context, id string, seq int, content []byte) error {
	_, err := s.db.pool.Exec(ctx, `INSERT INTO job_part (job, seq, content) VALUES ($1, $2, $3)`, id, seq, content)
	return wrapJob(err, "keep a result")
}

// End implements job.Book.
func (s *Jobs) End(ctx context.Context, id string, at job.Standing) error {
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE job SET state = $2, done = $3, total = $4, note = $5, figures = $6, link = $7, file = $8, size = $9, ended_at = $10,
			started_at = $11 WHERE id = $1 AND ended_at IS NULL`,
			id, at.State, at.Done, at.Total, at.Note, orEmpty(at.Figures), at.Link, at.File, at.Size, s.clock.Now(), orNull(at.Started))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return job.ErrGone
		}
		if at.File == "" {
			_, err = tx.Exec(ctx, `DELETE FROM job_part WHERE job = $1`, id)
			return err
		}
		return dropResults(ctx, tx, `SELECT id FROM job WHERE file <> '' AND by_whom = (SELECT by_whom FROM job WHERE id = $1) ORDER BY ended_at DESC OFFSET $2`, id, resultsMine)
	})
	return wrapJob(err, "end a job")
}

// dropResults throws away the results of the jobs that a query names.
func dropResults(ctx context.Context, tx pgx.Tx, which string, args ...any) error {
	_, err := tx.Exec(ctx, `WITH old AS (UPDATE job SET file = '', size = 0 WHERE id IN (`+which+`) RETURNING id)
		DELETE FROM job_part WHERE job IN (SELECT id FROM old)`, args...)
	return err
}

// bury gives up jobs that have not been heard of for too long.
func (s *Jobs) bury(ctx context.Context) error {
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `WITH gone AS (UPDATE job SET state = 'lost', ended_at = beat_at WHERE ended_at IS NULL AND beat_at < now() - $1::interval RETURNING id)
			DELETE FROM job_part WHERE job IN (SELECT id FROM gone)`, jobLostAfter)
		return err
	})
	return wrapJob(err, "give up jobs of processes that are gone")
}

// Tidy throws away results after a day and jobs after three months, and returns how many. It may be repeated.
func (s *Jobs) Tidy(ctx context.Context) (n int64, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		now := s.clock.Now()
		if err := dropResults(ctx, tx, `SELECT id FROM job WHERE file <> '' AND ended_at < $1`, now.Add(-resultLast)); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `DELETE FROM job WHERE ended_at < $1`, now.Add(-jobLast))
		n = tag.RowsAffected()
		return err
	})
	return n, wrapJob(err, "tidy jobs")
}
