package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/job"
)

const jobColumns = `id, kind, by_whom, role, needs, tenant, branch, subject, asked, node, state, done, total, note, figures, link, file, size, stop_by <> '',
	asked_at, coalesce(started_at, '0001-01-01 00:00:00+00'), coalesce(ended_at, '0001-01-01 00:00:00+00')`

func scanJob(row pgx.CollectableRow) (j job.Job, err error) {
	err = row.Scan(&j.ID, &j.Kind, &j.By, &j.Role, &j.Needs, &j.Tenant, &j.Branch, &j.Subject, &j.Purpose, &j.Node, &j.State, &j.Done, &j.Total, &j.Note,
		&j.Figures, &j.Link, &j.File, &j.Size, &j.Cancelling, &j.Requested, &j.Started, &j.Ended)
	for _, t := range []*time.Time{&j.Requested, &j.Started, &j.Ended} {
		*t = t.UTC()
	}
	return j, err
}

// Job returns one job, or job.ErrNoJob.
func (s *Jobs) Job(ctx context.Context, id string) (job.Job, error) {
	if err := s.bury(ctx); err != nil {
		return job.Job{}, err
	}
	rows, err := s.db.pool.Query(ctx, `SELECT `+jobColumns+` FROM job WHERE id = $1`, id)
	if err != nil {
		return job.Job{}, wrapJob(err, "look up a job")
	}
	j, err := pgx.CollectExactlyOneRow(rows, scanJob)
	if errors.Is(err, pgx.ErrNoRows) {
		err = job.ErrNoJob
	}
	return j, wrapJob(err, "look up a job")
}

// List returns the jobs that somebody asked for, or all for an empty name, the newest first.
func (s *Jobs) List(ctx context.Context, by string, limit int) ([]job.Job, error) {
	if err := s.bury(ctx); err != nil {
		return nil, err
	}
	rows, err := s.db.pool.Query(ctx, `SELECT `+jobColumns+` FROM job WHERE $1 IN ('', by_whom) ORDER BY asked_at DESC, id LIMIT $2`, by, limit)
	if err != nil {
		return nil, wrapJob(err, "list jobs")
	}
	list, err := pgx.CollectRows(rows, scanJob)
	return list, wrapJob(err, "list jobs")
}

// Stop asks a job to stop, wherever it runs. It is job.ErrGone when the job is over.
func (s *Jobs) Stop(ctx context.Context, id, by string) error {
	tag, err := s.db.pool.Exec(ctx, `UPDATE job SET stop_by = $2 WHERE id = $1 AND ended_at IS NULL`, id, by)
	if err == nil && tag.RowsAffected() == 0 {
		err = job.ErrGone
	}
	return wrapJob(err, "stop a job")
}

// Result gives the parts of a result to somebody, one after the other.
func (s *Jobs) Result(ctx context.Context, id string, do func(part []byte) error) error {
	for seq := 0; ; seq++ { // One at a time: a slow reader holds no connection.
		var part []byte
		err := s.db.pool.QueryRow(ctx, `SELECT content FROM job_part WHERE job = $1 AND seq = $2`, id, seq).Scan(&part)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return wrapJob(err, "read a result")
		}
		if err := do(part); err != nil {
			return err
		}
	}
}
