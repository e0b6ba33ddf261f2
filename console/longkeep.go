package console

import (
	"context"

	"trunkline/access"
	"trunkline/job"
	"trunkline/reports/retention"
)

// StartRetention begins to let go of what is older than it is kept. Nothing is archived: an archive is a folder of the machine, and made by
// the command there. A run that ended before its end is ended by the next one.
func (c *Console) StartRetention(ctx context.Context, who *access.Principal) (job.Job, error) {
	if err := c.mayOfAll(who, access.WriteRetention); err != nil {
		return job.Job{}, err
	}
	asker := *who
	j := job.Job{Kind: job.Retention, Subject: "records", Purpose: "records", Needs: []string{string(access.WriteRetention)}}
	return c.start(ctx, who, j, func(ctx context.Context, m *job.Meter) error {
		var rows, days int64
		m.Link("/retention")
		err := c.RunRetention(ctx, &asker, "", func(d retention.Done) {
			rows, days = rows+d.Rows, days+1
			m.At(days)
		})
		m.Note("%d records of %d days are gone", rows, days)
		return err
	})
}

// StartRebuild begins to make the hourly and daily sums anew from the records, and to check that each month adds up.
func (c *Console) StartRebuild(ctx context.Context, who *access.Principal) (job.Job, error) {
	if err := c.mayOfAll(who, access.WriteRetention); err != nil {
		return job.Job{}, err
	}
	asker := *who
	j := job.Job{Kind: job.Rebuild, Subject: "sums", Purpose: "sums of calls", Needs: []string{string(access.WriteRetention)}}
	return c.start(ctx, who, j, func(ctx context.Context, m *job.Meter) error {
		var months int64
		m.Link("/retention")
		err := c.RebuildSums(ctx, &asker, func(string) {
			months++
			m.At(months)
		})
		if err == nil {
			m.Note("the sums of %d months are made anew", months)
		}
		return err
	})
}
