package console

import (
	"context"
	"encoding/json"
	"net/url"

	"trunkline/access"
	"trunkline/job"
)

// ListMost is how many bytes of a price list are compared while somebody waits.
const ListMost = 2 << 20

// StartCompare begins to find out what a list that was sent would change; the result is a Comparison.
func (c *Console) StartCompare(ctx context.Context, who *access.Principal, l DeckList) (job.Job, error) {
	return c.startList(ctx, who, job.Compare, l, func(ctx context.Context, who *access.Principal, l DeckList, m *job.Meter) error {
		page := url.Values{"mode": {string(l.Mode)}}
		if !l.Effective.IsZero() {
			page.Set("effective", l.Effective.Format("2006-01-02T15:04"))
		}
		m.Link(l.Page() + "/import/" + l.Upload + "?" + page.Encode())
		compared, err := c.CompareDeck(ctx, who, l)
		if err != nil {
			return err
		}
		m.Of(int64(compared.Lines))
		m.Note("%d lines, %d of them faulty", int64(compared.Lines), int64(compared.Faulty))
		out := m.File(ctx, "comparison.json")
		if err := json.NewEncoder(out).Encode(compared); err != nil {
			return err
		}
		return out.Close()
	})
}

// StartApply begins to put a list in force, all or nothing. Stopped before its end it changes nothing.
func (c *Console) StartApply(ctx context.Context, who *access.Principal, l DeckList) (job.Job, error) {
	return c.startList(ctx, who, job.Apply, l, func(ctx context.Context, who *access.Principal, l DeckList, m *job.Meter) error {
		m.Link(l.Page())
		return c.ApplyDeck(ctx, who, l)
	})
}

func (c *Console) startList(
	ctx context.Context, who *access.Principal, kind job.Kind, l DeckList, work func(context.Context, *access.Principal, DeckList, *job.Meter) error,
) (job.Job, error) {
	if err := may(who, access.WritePrices); err != nil {
		return job.Job{}, err
	}
	thing, id := l.thing()
	if _, err := c.Thing(ctx, who, thing, id); err != nil {
		return job.Job{}, err
	}
	name, _, err := c.d.Uploads.Upload(ctx, l.Upload, who.By())
	if err != nil {
		return job.Job{}, goneUpload(err)
	}
	asker := *who
	j := job.Job{Kind: kind, Purpose: id + ": " + name, Needs: []string{string(access.WritePrices)}}
	if kind == job.Apply {
		j.Subject = string(thing) + " " + id
	}
	return c.start(ctx, who, j, func(ctx context.Context, m *job.Meter) error {
		l.Told = func(lines int) { m.At(int64(lines)) }
		return work(ctx, &asker, l, m)
	})
}

// Compared is the result of a job that compared a list; ErrNotFound: it is not there, or not yet.
func (c *Console) Compared(ctx context.Context, who *access.Principal, id string) (*Comparison, error) {
	out := &Comparison{}
	return out, c.jobJSON(ctx, who, id, out)
}

// Closed is the result of a job that closed a period, or looked whether it can be; ErrNotFound: it is not there, or not yet.
func (c *Console) Closed(ctx context.Context, who *access.Principal, id string) ([]ClosedTenant, error) {
	var out struct{ Items []ClosedTenant }
	err := c.jobJSON(ctx, who, id, &out)
	return out.Items, err
}

// jobJSON reads a result that is made for pages.
func (c *Console) jobJSON(ctx context.Context, who *access.Principal, id string, v any) error {
	var text []byte
	err := c.JobResult(ctx, who, id, func(job.Job) error { return nil }, func(part []byte) error {
		text = append(text, part...)
		return nil
	})
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}
