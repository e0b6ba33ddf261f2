package pages

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"trunkline/access"
	"trunkline/api"
	"trunkline/console"
	"trunkline/job"
	"trunkline/reports"
	"trunkline/reports/export"
)

// jobRoutes are the pages of work that takes longer than one waits for.
func (p *Pages) jobRoutes() map[string]handler {
	return map[string]handler{
		"GET /jobs": p.jobs, "GET /jobs/stream": p.jobsStream, "GET /jobs/:id": p.job, "GET /jobs/:id/stream": p.jobStream,
		"GET /jobs/:id/result": p.jobFile, "POST /jobs/:id/cancel": p.stopJob, "POST /calls/export": p.startExport,
	}
}

// jobView is a job as somebody sees it.
type jobView struct {
	job.Job

	MayStop bool
	Page    string // Of what came of it; empty: there is none, or not yet.
	Again   string // Where the same may be asked for again.
}

func viewOf(who *access.Principal, j job.Job) jobView {
	v := jobView{Job: j, MayStop: !j.State.Over() && (j.By == who.By() || who.May(access.WriteJobs))}
	if j.Link != "" && j.State == job.Done {
		v.Page = j.Link
		if strings.Contains(v.Page, "?") {
			v.Page += "&job=" + url.QueryEscape(j.ID)
		}
		if !slices.Contains([]job.Kind{job.Apply, job.Import, job.Rerate, job.Retention, job.Rebuild}, j.Kind) && j.File == "" { // What it led to is not kept any more, or not for everybody.
			v.Page = ""
		}
	}
	switch j.Kind {
	case job.Export:
		v.Again = "/calls"
	case job.Rates: // It runs by itself.
	case job.Rerate:
		v.Again = "/rerates"
	case job.Retention, job.Rebuild:
		v.Again = "/retention"
	case job.Import:
		v.Again = "/imports"
	case job.Check, job.Close:
		v.Again = "/close"
	case job.Compare, job.Apply:
		v.Again = "/decks"
		if strings.HasPrefix(j.Link, "/tariffs/") {
			v.Again = "/tariffs"
		}
	}
	return v
}

// Download reports whether the result is a file for people.
func (v jobView) Download() bool { return v.File != "" && v.Kind == job.Export }

const jobsShown = 50

func (p *Pages) jobList(ctx context.Context, r *request) ([]jobView, error) {
	list, err := p.o.Console.Jobs(ctx, r.who, jobsShown)
	out := make([]jobView, len(list))
	for i := range list {
		out[i] = viewOf(r.who, list[i])
	}
	return out, err
}

func (p *Pages) jobs(r *request) error {
	list, err := p.jobList(r.Request.Context(), r)
	if err != nil {
		return err
	}
	return r.show("jobs", "Jobs", list)
}

func (p *Pages) jobsStream(r *request) error {
	return p.stream(r, "jobs", "rows", func(ctx context.Context) (any, error) { return p.jobList(ctx, r) })
}

func (p *Pages) jobView(ctx context.Context, r *request, id string) (*jobView, error) {
	j, err := p.o.Console.Job(ctx, r.who, id)
	if err != nil {
		return nil, err
	}
	v := viewOf(r.who, j)
	return &v, nil
}

func (p *Pages) job(r *request) error {
	v, err := p.jobView(r.Request.Context(), r, r.Param("id"))
	if err != nil {
		return err
	}
	return r.show("job", "Job", v)
}

func (p *Pages) jobStream(r *request) error {
	if _, err := p.jobView(r.Request.Context(), r, r.Param("id")); err != nil {
		return err
	}
	return p.stream(r, "job", "live-job", func(ctx context.Context) (any, error) { return p.jobView(ctx, r, r.Param("id")) })
}

func (p *Pages) jobFile(r *request) error {
	return api.SendResult(r.Context, p.o.Console, r.Param("id"))
}

func (p *Pages) stopJob(r *request) error {
	if err := p.o.Console.StopJob(r.Request.Context(), r.who, r.Param("id")); err != nil {
		return err
	}
	return r.to("/jobs/"+r.Param("id"), "stops")
}

// exportView is what is offered where calls are too many to wait for.
type exportView struct {
	Calls   int64
	Format  string
	Formats []export.Format
}

// field is what was sent, by a form or in the address.
func (r *request) field(name string) string { return or(r.PostForm(name), r.Query(name)) }

// askedCalls reads which calls are meant.
func (p *Pages) askedCalls(r *request) (q console.CallQuery, err error) {
	q = console.CallQuery{Tenant: r.field("tenant"), Attempts: r.field("attempts") == "on"}
	if q.Period, err = p.o.Console.Period(r.who, or(r.field("period"), "today"), "", q.Tenant); err != nil {
		return q, err
	}
	if q.Filter, err = reports.ParseFilter(r.field("filter")); err != nil {
		return q, errors.Join(console.ErrInvalid, err)
	}
	return q, nil
}

// startExport begins to write calls to a file.
func (p *Pages) startExport(r *request) error {
	q, err := p.askedCalls(r)
	if err != nil {
		return err
	}
	format, err := export.ParseFormat(r.PostForm("format"))
	if err != nil {
		return errors.Join(console.ErrInvalid, err)
	}
	j, err := p.o.Console.StartExport(r.Request.Context(), r.who, q, console.File{Format: format, Language: r.language, Zone: q.Period.Zone})
	if err != nil {
		return err
	}
	return r.to("/jobs/"+j.ID, "")
}
