package worker

import (
	"context"
	"errors"
	"time"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/rating"
)

// ErrMoved says that a part of the stream was accounted for by somebody else meanwhile, or by this worker in a
// transaction whose answer was lost: the marks have to be read again.
var ErrMoved = errors.New("the part of the stream was accounted for meanwhile")

// ErrForeign says that the ledger does not know a batch that it once wrote: it was restored from a backup, or a replica that was
// behind has taken over.
var ErrForeign = errors.New("the ledger does not know this batch: it went back in time")

// ErrRefused says that the ledger does not take what is in a delivery, whenever it is tried: a leg in it has what no leg should.
var ErrRefused = errors.New("the ledger refuses what is in these legs")

// Step is the way that a delivery goes in one part of the stream: the mark must stand at From, and goes to Next.
type Step struct {
	Part  int
	From  int64 // The mark as it was last read or set; not always the offset of the first message.
	Next  int64
	Topic string // The id of the topic; see cdr.Mark.
	Last  int64  // Fingerprint of the last message; see cdr.Mark.
}

// Delivery is what was read of the stream at a time.
type Delivery struct {
	Source string // The topic.
	Steps  []Step
	Legs   []cdr.Leg    // In the order of the stream; some may have come before.
	Broken []DeadLetter // Messages that could not be read.
}

// Fresh are the legs of a delivery that were never accounted for, with what their prices depend on. It holds while the
// store's transaction is open.
type Fresh struct {
	Legs []*cdr.Leg
	// Holds are the amounts that are held for calls of the legs.
	Holds map[calls.ID]money.Amount
	// Quotas are those that calls of the legs have drawn on and that are open in the ledger.
	Quotas map[cdr.QuotaID]bool
	// Closed says up to when the books of an account are closed; accounts of which nothing is closed are not in it.
	Closed map[ledger.Account]time.Time
	// Counters returns what a tenant has used of the allowances and tiers of a tariff.
	Counters func(tenant, tariff string) rating.Counters
}

// Outcome is what is written of a delivery, in one transaction.
type Outcome struct {
	Records  []cdr.Record
	Postings []ledger.Posting
	// Uses are added to the counters of allowances and tiers.
	Uses []CounterUse
	// Settled are the calls whose hold ends: it is given back, and what they used goes to the limits that it was held in.
	Settled []Settled
	// Limits is what calls without a hold used.
	Limits      map[ledger.Counter]ledger.Use
	DeadLetters []DeadLetter
}

// LegID is the identity of a leg.
type LegID struct {
	Call calls.ID
	Seq  uint16
}

// CounterUse is what a leg used of one allowance or tier.
type CounterUse struct {
	Leg    LegID
	Tenant string
	Tariff string
	rating.Use
}

// Settled is a call whose hold ends, or what it has of a quota.
type Settled struct {
	Call calls.ID
	Use  ledger.Use
	Draw cdr.Draw // Zero: it has a hold of its own.
}

// DeadLetter is a leg that could not be rated, or a message that is no leg.
type DeadLetter struct {
	Leg     *cdr.Leg // Nil for a message that is no leg.
	Message []byte
	Reason  string // A short word.
	Detail  string // A sentence for people.
}

// Batch is a delivery that was posted: what the store of calls is to have, and has not confirmed yet.
type Batch struct {
	ID          int64 // 0: there is nothing to store.
	Key         int64 // Tells it from another of the same number; see cdr.Record.
	Records     []cdr.Record
	DeadLetters []DeadLetter
}

// Books keep what must be exact. All methods may be repeated after an error.
type Books interface {
	// Marks returns up to where the parts of a topic were accounted for.
	Marks(ctx context.Context, topic string, parts []int) ([]cdr.Mark, error)
	// Post accounts for a delivery, all or nothing: it finds out which legs are new, has them rated, and writes the outcome
	// and the new marks in one transaction. A mark that is not where the delivery begins is ErrMoved.
	Post(ctx context.Context, d *Delivery, rate func(Fresh) (Outcome, error)) (Batch, error)
	// Waiting returns the batches after an id that were posted and not confirmed as stored, in order, up to a number.
	Waiting(ctx context.Context, after int64, limit int) ([]Batch, error)
	// Stored confirms that the store of calls has a batch. It is ErrForeign for one that the ledger does not know.
	Stored(ctx context.Context, b Batch) error
	// Restart moves marks that do not fit the stream to where it goes on, and notes why. A mark that is not where its break
	// found it is ErrMoved.
	Restart(ctx context.Context, topic string, breaks []cdr.Break) error
}

// Retrier prices legs again that could not be rated.
type Retrier interface {
	// Retry takes unrated legs by their ids, or all of a tenant's, has them rated again and writes the outcome in one
	// transaction. Those that still cannot be rated stay.
	Retry(ctx context.Context, ids []int64, rate func(Fresh) (Outcome, error)) (Batch, error)
}

// Calls is the store of rated legs.
type Calls interface {
	// WriteRecords stores records once for a token, however often it is repeated.
	WriteRecords(ctx context.Context, token string, records []cdr.Record) error
	// Summed makes sure that what is summed from the records has those of a batch once, all of which are given. It may be repeated.
	Summed(ctx context.Context, records []cdr.Record) error
	// RowsOf returns how many records there are of the batch whose records are given.
	RowsOf(ctx context.Context, records []cdr.Record) (int64, error)
}

// Stream gives legs out. Its methods are called by one goroutine, except Commit.
type Stream interface {
	// Join gives back what this reader has, waits until parts are dealt out, and returns those that it got.
	Join(ctx context.Context) ([]int, error)
	// Check compares marks with the stream. It returns those that fit, with what was not known of them filled in, and for each
	// that does not fit a break.
	Check(ctx context.Context, marks []cdr.Mark) ([]cdr.Mark, []cdr.Break, error)
	// Start begins to read the parts at their marks.
	Start(ctx context.Context, marks []cdr.Mark) error
	// Fetch waits for messages; cdr.ErrRevoked says that the parts were given to another reader.
	Fetch(ctx context.Context) ([]cdr.Message, error)
	// Commit tells the stream, for information, up to where it was read.
	Commit(marks []cdr.Mark) error
}

// DeadLetterTopic takes copies of the legs that could not be rated. A copy may come more than once.
type DeadLetterTopic interface {
	Send(ctx context.Context, legs []cdr.Envelope) error
}
