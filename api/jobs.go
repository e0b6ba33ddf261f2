package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"trunkline/api/rest"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/job"
	"trunkline/reports/export"
)

// begun is the answer to what is done as a job.
func begun(j job.Job) rest.BegunJSONResponse {
	return rest.BegunJSONResponse{Body: j, Headers: rest.BegunResponseHeaders{Location: apiPath + "/jobs/" + j.ID}}
}

// async reports whether a request wants not to wait (RFC 7240, section 4.1).
func async(prefer string) bool {
	for one := range strings.SplitSeq(prefer, ",") {
		if word, _, _ := strings.Cut(one, ";"); strings.EqualFold(strings.TrimSpace(word), "respond-async") {
			return true
		}
	}
	return false
}

// answerBegun answers where the generated code does not.
func (s *Server) answerBegun(c *gin.Context, j job.Job, err error) {
	if err != nil {
		s.failed(c, err)
		return
	}
	c.Header("Location", apiPath+"/jobs/"+j.ID)
	c.JSON(http.StatusAccepted, j)
}

// StartExport implements rest.StrictServerInterface.
func (o *operations) StartExport(ctx context.Context, r rest.StartExportRequestObject) (rest.StartExportResponseObject, error) {
	b := r.Body
	q := console.CallQuery{Tenant: b.Tenant, Branch: b.Branch, Attempts: b.Attempts}
	var err error
	if q.Period, err = o.period(ctx, b.Period, b.Zone, b.Tenant); err != nil {
		return nil, err
	}
	if q.Filter, err = filter(b.Filter); err != nil {
		return nil, err
	}
	format, err := export.ParseFormat(string(b.Format))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", console.ErrInvalid, err)
	}
	j, err := o.c.StartExport(ctx, PrincipalFrom(ctx), q, console.File{Format: format, Language: string(b.Language), Zone: q.Period.Zone})
	if err != nil {
		return nil, err
	}
	return rest.StartExport202JSONResponse{BegunJSONResponse: begun(j)}, nil
}

// ListJobs implements rest.StrictServerInterface.
func (o *operations) ListJobs(ctx context.Context, r rest.ListJobsRequestObject) (rest.ListJobsResponseObject, error) {
	list, err := o.c.Jobs(ctx, PrincipalFrom(ctx), or(r.Params.Limit, pageLimit))
	return rest.ListJobs200JSONResponse{Items: list}, err
}

// GetJob implements rest.StrictServerInterface.
func (o *operations) GetJob(ctx context.Context, r rest.GetJobRequestObject) (rest.GetJobResponseObject, error) {
	j, err := o.c.Job(ctx, PrincipalFrom(ctx), r.Id)
	return rest.GetJob200JSONResponse(j), err
}

// CancelJob implements rest.StrictServerInterface.
func (o *operations) CancelJob(ctx context.Context, r rest.CancelJobRequestObject) (rest.CancelJobResponseObject, error) {
	return rest.CancelJob204Response{}, o.c.StopJob(ctx, PrincipalFrom(ctx), r.Id)
}

// resultTime is how long the result of a job may take over a slow line.
const resultTime = 30 * time.Minute

// jobResult sends the result of a job.
func (s *Server) jobResult(c *gin.Context) {
	if err := SendResult(c, s.o.Console, c.Param("id")); err != nil {
		s.failed(c, err)
	}
}

// SendResult sends the result of a job to who asked for it. What goes wrong after it was begun is seen by its length.
func SendResult(c *gin.Context, desk *console.Console, id string) error {
	ctx := c.Request.Context()
	sent := false
	err := desk.JobResult(ctx, PrincipalFrom(ctx), id, func(j job.Job) error {
		if err := http.NewResponseController(c.Writer).SetWriteDeadline(clock.System{}.Now().Add(resultTime)); err != nil {
			return fmt.Errorf("the time of a result: %w", err)
		}
		sent = true
		c.Header("Content-Disposition", `attachment; filename="`+j.File+`"`)
		c.Header("Content-Type", "application/octet-stream")
		c.Header("Content-Length", strconv.FormatInt(j.Size, 10))
		c.Status(http.StatusOK)
		return nil
	}, func(part []byte) error {
		_, err := c.Writer.Write(part)
		return err
	})
	if sent && err != nil {
		_ = c.Error(err)
		c.Abort()
		return nil // The head is on its way already.
	}
	return err
}
