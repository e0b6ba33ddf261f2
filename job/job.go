package job

import (
	"context"
	"errors"
	"time"
)

// What a job cannot be begun or ended with, wrapped.
var (
	ErrBusy    = errors.New("the same is being done already")
	ErrFull    = errors.New("too much is being done already")
	ErrNoJob   = errors.New("there is no such job")
	ErrGone    = errors.New("the job was given up meanwhile")
	ErrStopped = errors.New("somebody stopped it")
)

// Kind is what a job does. Its word is stored.
type Kind string

// The kinds.
const (
	Export  Kind = "export"  // Calls into a file.
	Check   Kind = "check"   // What would be issued for a period, and what keeps it open.
	Close   Kind = "close"   // The invoices of a period.
	Compare Kind = "compare" // What a price list would change.
	Apply   Kind = "apply"   // A price list is put in force.
	Rates   Kind = "rates"   // Exchange rates are fetched.
	Rerate  Kind = "rerate"  // Calls are priced again.
	Import  Kind = "import"  // Imported calls are taken back, or read anew.
	// Retention lets go of records that are older than they are kept, and Rebuild makes sums of calls anew.
	Retention Kind = "retention"
	Rebuild   Kind = "rebuild"
)

// State is how far a job has come. The words are stored.
type State string

// The states.
const (
	Queued    State = "queued" // It waits for its turn in its process.
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
	Lost      State = "lost" // Its process ended or was cut off. What it does may always be asked for again.
)

// Over reports whether nothing more happens.
func (s State) Over() bool { return s != Queued && s != Running }

// Job is work that somebody asked for.
type Job struct {
	ID      string `json:"id"`
	Kind    Kind   `json:"kind"`
	By      string `json:"by"`               // Who asked, such as user:olga.
	Tenant  string `json:"tenant,omitempty"` // Whose data it is about; empty: all.
	Branch  string `json:"branch,omitempty"`
	Purpose string `json:"purpose"` // What for, in words.
	// Subject is what it works on: two jobs of a kind never work on the same at a time. Empty: any number may.
	Subject string `json:"-"`
	// Role and Needs are whom its result may be given to: who asked, as long as they have this role and these permissions.
	Role  string   `json:"-"`
	Needs []string `json:"-"`

	Standing

	Node       string    `json:"node"`
	Cancelling bool      `json:"cancelling"` // Somebody asked to stop it.
	Requested  time.Time `json:"requested_at"`
	Ended      time.Time `json:"ended_at,omitzero"`
}

// Standing is how far a job is.
type Standing struct {
	State State `json:"state"`
	Done  int64 `json:"done"`  // Calls, clients or lines.
	Total int64 `json:"total"` // 0: not known.
	// Note is a text with places for its figures, so that it can be told in several languages.
	Note    string  `json:"note,omitempty"`
	Figures []int64 `json:"figures,omitempty"`
	Link    string  `json:"link,omitempty"` // Page of what came of it.
	File    string  `json:"file,omitempty"` // Name of its result; empty: it has none, or it is not kept any more.
	Size    int64   `json:"size,omitempty"` // Of the result, in bytes.
	// Started is when its turn came; zero: not yet.
	Started time.Time `json:"started_at,omitzero"`
}

// Percent is how much of it is done, 0 to 100; below 0: not known.
func (s *Standing) Percent() int64 {
	const all = 100
	switch {
	case s.State == Done:
		return all
	case s.Total <= 0:
		return -1
	}
	return min(all, s.Done*all/s.Total)
}

// Book keeps jobs where every process sees them.
type Book interface {
	// Open keeps a new job as queued. It is ErrBusy when its subject has an unfinished job of its kind, and ErrFull when who asks
	// has too many unfinished ones, or results take all the room there is for them.
	Open(ctx context.Context, j *Job) error
	// Beat says that a job lives and how far it is. It reports whether somebody wants it to stop. It is ErrGone when the job
	// counts as over, because it had not been heard of for too long.
	Beat(ctx context.Context, id string, s Standing) (stop bool, err error)
	// Part adds to the result of a job.
	Part(ctx context.Context, id string, seq int, content []byte) error
	// End says what became of a job. The result of one that is not done is thrown away. It is ErrGone as Beat is.
	End(ctx context.Context, id string, s Standing) error
}

// TellError is an error whose text helps who asked. Others are told to the log only.
type TellError struct{ Err error }

// Error is what to tell.
func (f *TellError) Error() string { return f.Err.Error() }

// Unwrap returns the error.
func (f *TellError) Unwrap() error { return f.Err }
