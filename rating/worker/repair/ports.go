package repair

import (
	"context"
	"errors"
	"time"

	"trunkline/cdr"
	"trunkline/ledger"
	"trunkline/rating/worker"
)

// ErrNotKept is returned for a batch whose packed records are kept no longer.
var ErrNotKept = errors.New("its packed records are kept no longer")

// ErrOtherLedger is returned where the store of calls belongs to another ledger.
var ErrOtherLedger = errors.New("the store of calls belongs to another ledger")

// ID is what a batch is known by: the ledger's number and a key that no other history has.
type ID struct{ Number, Key int64 }

// Batch is what the ledger has of a batch.
type Batch struct {
	ID
	Records int64 // How many rows the store of calls has to have of it.
	Stored  bool  // The store has confirmed it.
	Packed  bool  // Its records are still kept.
	Source  string
	Made    time.Time
}

// Stored is what the store of calls has of a batch.
type Stored struct {
	ID
	Rows int64
}

// Span is where in the stream the legs of a batch came from: offsets [Firsts, Nexts) of its partitions.
type Span struct {
	Source        string // The topic, or another word for what came by another way.
	Parts         []int32
	Firsts, Nexts []int64
	Posted        []ledger.Posting // What the batch posted.
}

// Ledger is the side that money is kept on. All methods may be repeated.
type Ledger interface {
	Identity(ctx context.Context) (string, error)
	Batches(ctx context.Context, after int64, limit int) ([]Batch, error)
	LastBatch(ctx context.Context) (int64, error)
	Packed(ctx context.Context, id int64) (worker.Batch, error)
	Span(ctx context.Context, id int64) (Span, error)
	SkipTo(ctx context.Context, id int64) error
	Bring(ctx context.Context, legs []cdr.Leg, rate func(worker.Fresh) (worker.Outcome, error)) (worker.Batch, error)
}

// Incidents are kept for people.
type Incidents interface {
	Note(ctx context.Context, kind, subject, detail, outcome string) error
	Heal(ctx context.Context, kind, subject, outcome string) error
}

// Calls is the store of calls. All methods may be repeated.
type Calls interface {
	worker.Calls
	Owner(ctx context.Context) (string, error)
	Own(ctx context.Context, ledger string) error
	StoredBatches(ctx context.Context, from, till int64) ([]Stored, error)
	LastStored(ctx context.Context) (int64, error)
	CountBatches(ctx context.Context) error
	SetAside(ctx context.Context, batches []ID) error
	// Known returns which of the legs are in the store.
	Known(ctx context.Context, legs []cdr.Leg) (map[worker.LegID]bool, error)
	AsideLegs(ctx context.Context, after cdr.Leg, limit int) ([]cdr.Leg, error)
}

// Kinds of incidents.
const (
	LedgerBack = "ledger_went_back" // The store of calls has batches that the ledger does not know.
	StoreBack  = "store_went_back"  // The ledger has batches that the store of calls has lost.
	Missing    = "records_missing"  // Records that cannot be brought back.
)
