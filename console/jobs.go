package console

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"trunkline/access"
	"trunkline/job"
)

// ErrTooMuch is returned, wrapped, for what may be asked for again when other work is over.
var ErrTooMuch = errors.New("too much is being done already")

// Desk does long work in this process.
type Desk interface {
	Start(ctx context.Context, j job.Job, work job.Work) (job.Job, error)
}

// Jobs keeps long work, of all processes.
type Jobs interface {
	// Job returns one job; job.ErrNoJob.
	Job(ctx context.Context, id string) (job.Job, error)
	// List returns somebody's jobs, or all for an empty name, the newest first.
	List(ctx context.Context, by string, limit int) ([]job.Job, error)
	// Stop asks a job to stop; job.ErrGone: it is over.
	Stop(ctx context.Context, id, by string) error
	// Result gives the parts of a result one after the other.
	Result(ctx context.Context, id string, do func(part []byte) error) error
}

// start begins a job in somebody's name. The permission was asked for already.
func (c *Console) start(ctx context.Context, who *access.Principal, j job.Job, work job.Work) (job.Job, error) {
	j.By, j.Role = who.By(), string(who.Role)
	if j.Tenant == "" {
		j.Tenant, j.Branch = who.Tenant, who.Branch
	}
	source := SourceOf(ctx)
	begun, err := c.d.Desk.Start(ctx, j, func(ctx context.Context, m *job.Meter) error {
		return helpful(work(WithSource(ctx, source), m))
	})
	switch {
	case errors.Is(err, job.ErrBusy):
		return j, fmt.Errorf("%w: the same is being done already: look at the jobs", ErrConflict)
	case errors.Is(err, job.ErrFull):
		return j, fmt.Errorf("%w: %w", ErrTooMuch, err)
	case err != nil:
		return j, err
	}
	return begun, c.log(ctx, who, access.AuditEvent{Tenant: j.Tenant, Action: "start " + string(j.Kind), Object: "job " + begun.ID, After: j.Purpose})
}

// helpful marks errors whose texts are for who asked.
func helpful(err error) error {
	var faults *FaultsError
	if errors.As(err, &faults) && len(faults.Faults) > 0 {
		f := faults.Faults[0]
		return &job.TellError{Err: invalid("%s: %s: %s", f.Field, f.Problem, f.Remedy)}
	}
	for _, kind := range []error{ErrInvalid, ErrConflict, ErrNotFound, ErrForbidden} {
		if errors.Is(err, kind) {
			return &job.TellError{Err: err}
		}
	}
	return err
}

// JobsMost bounds a list of jobs.
const JobsMost = 200

// Jobs returns the jobs that are somebody's to see, the newest first: their own, or with a permission everybody's.
func (c *Console) Jobs(ctx context.Context, who *access.Principal, limit int) ([]job.Job, error) {
	by := ""
	if !who.May(access.ReadJobs) {
		if err := may(who, access.OwnJobs); err != nil {
			return nil, err
		}
		by = who.By()
	}
	if limit < 1 || limit > JobsMost {
		return nil, invalid("limit: use 1 to %d", JobsMost)
	}
	list, err := c.d.Jobs.List(ctx, by, limit)
	if list == nil {
		list = []job.Job{}
	}
	for i := range list {
		c.seen(who, &list[i])
	}
	return slices.DeleteFunc(list, func(j job.Job) bool { return !sees(who, &j) }), err
}

// sees reports whether a job is somebody's to see. Whoever has lost what they asked about does not see it any more, though it is theirs.
func sees(who *access.Principal, j *job.Job) bool { return who.SeesBranch(j.Tenant, j.Branch) }

// Job returns one job; ErrNotFound.
func (c *Console) Job(ctx context.Context, who *access.Principal, id string) (job.Job, error) {
	j, err := c.job(ctx, who, id, access.ReadJobs)
	if err == nil {
		c.seen(who, &j)
	}
	return j, err
}

// job looks a job up that is one's own, or for which one has a permission.
func (c *Console) job(ctx context.Context, who *access.Principal, id string, others access.Permission) (job.Job, error) {
	if !who.May(others) {
		if err := may(who, access.OwnJobs); err != nil {
			return job.Job{}, err
		}
	}
	j, err := c.d.Jobs.Job(ctx, id)
	if errors.Is(err, job.ErrNoJob) || err == nil && (!sees(who, &j) || j.By != who.By() && !who.May(others)) {
		return job.Job{}, fmt.Errorf("%w: there is no job %q", ErrNotFound, id)
	}
	return j, err
}

// seen leaves out what is only for who asked.
func (c *Console) seen(who *access.Principal, j *job.Job) {
	if !mayHave(who, j) {
		j.File, j.Size = "", 0
	}
}

// mayHave reports whether the result of a job may be given to somebody: to whoever asked, while they may see all that is in it.
func mayHave(who *access.Principal, j *job.Job) bool {
	if j.By != who.By() || j.Role != string(who.Role) || !who.May(access.OwnJobs) || !sees(who, j) {
		return false
	}
	return !slices.ContainsFunc(j.Needs, func(p string) bool { return !who.May(access.Permission(p)) })
}

// StopJob asks a job to stop: one's own, or with a permission anybody's. What it has done whole by then stays.
func (c *Console) StopJob(ctx context.Context, who *access.Principal, id string) error {
	j, err := c.job(ctx, who, id, access.WriteJobs)
	if err != nil {
		return err
	}
	err = c.d.Jobs.Stop(ctx, id, who.By())
	if errors.Is(err, job.ErrGone) {
		return fmt.Errorf("%w: the job is over", ErrConflict)
	}
	if err != nil {
		return err
	}
	return c.log(ctx, who, access.AuditEvent{Tenant: j.Tenant, Action: "stop " + string(j.Kind), Object: "job " + id, After: j.Purpose})
}

// JobResult gives the result of a job to who asked for it, in parts, after the job itself; ErrNotFound when there is none, or none any more.
func (c *Console) JobResult(ctx context.Context, who *access.Principal, id string, begin func(job.Job) error, do func(part []byte) error) error {
	j, err := c.job(ctx, who, id, access.ReadJobs)
	if err != nil {
		return err
	}
	if !mayHave(who, &j) || j.File == "" {
		return fmt.Errorf("%w: the job has no result that is yours; results are kept for a day", ErrNotFound)
	}
	if err := begin(j); err != nil {
		return err
	}
	return c.d.Jobs.Result(ctx, id, do)
}

// needsOf are the permissions that the answers of somebody depend on, so that what was made with them is not given without.
func needsOf(who *access.Principal, first access.Permission) []string {
	needs := []string{string(first)}
	for _, p := range []access.Permission{access.ReadSale, access.ReadCost, access.ReadNumbers} {
		if who.May(p) {
			needs = append(needs, string(p))
		}
	}
	return needs
}
