package retention

import (
	"context"
	"io"
	"time"

	"trunkline/internal/money"
)

// Part is calls of one day that are the same ones whatever comes in meanwhile: those of batches that the store of calls had confirmed, without
// what is held.
type Part struct {
	Day     time.Time `json:"day"` // Its beginning, UTC.
	Last    int64     `json:"last"`
	Without []int64   `json:"without,omitempty"` // Batches up to Last that are on their way.
	Held    Held      `json:"held"`
}

// Figures are what records add up to. Reversals count against what they reverse. Currencies are not told apart: this is for comparing.
type Figures struct {
	Rows     int64        `json:"rows"`
	Legs     int64        `json:"legs"`
	Duration int64        `json:"duration_us"`
	Billed   int64        `json:"billed"`
	Sale     money.Amount `json:"sale"`
	Cost     money.Amount `json:"cost"`
	IDs      int64        `json:"ids,omitempty"` // Of kinds that go row by row: the sum of their ids.
}

// Stock is how much there is of something.
type Stock struct {
	Oldest time.Time
	Rows   int64
	Bytes  int64 // On disk where the store says so, else of the content.
}

func (s *Stock) add(o Stock) {
	s.Rows, s.Bytes = s.Rows+o.Rows, s.Bytes+o.Bytes
	if s.Oldest.IsZero() || !o.Oldest.IsZero() && o.Oldest.Before(s.Oldest) {
		s.Oldest = o.Oldest
	}
}

// Day is a UTC day of calls.
type Day struct {
	Day  time.Time
	All  Stock
	Held int64 // Rows that holds cover.
}

// CallStore is the store of rated calls.
type CallStore interface {
	// Settle ends what an interrupted run had begun: it waits for what is being removed, and puts back what was taken out and not dropped.
	Settle(ctx context.Context) error
	// Days returns the days with calls, in order.
	Days(ctx context.Context, held Held) ([]Day, error)
	// Figures returns what is there of a part.
	Figures(ctx context.Context, p Part) (Figures, error)
	// Read streams a part as Arrow (IPC), all columns.
	Read(ctx context.Context, p Part) (io.ReadCloser, error)
	// Retire notes a part as dropped under an id, and drops it. What comes in meanwhile stays. It may be repeated.
	Retire(ctx context.Context, id int64, p Part, f Figures) error
	// Unretire takes the note back of a part whose calls are all there.
	Unretire(ctx context.Context, id int64) error
}

// ColumnStore blanks columns of calls.
type ColumnStore interface {
	// Filled returns how many calls from before a time have something in the column of a kind, all and those that no hold covers; a zero time:
	// calls of all times.
	Filled(ctx context.Context, k Kind, before time.Time, held Held) (all, free Stock, err error)
	// Blank empties it, but for what is held.
	Blank(ctx context.Context, k Kind, before time.Time, held Held) error
}

// Obstacle is why calls of a time cannot go yet.
type Obstacle struct {
	From, Till time.Time // Zero: from the beginning, to the end.
	Why        string
}

func (o *Obstacle) of(day time.Time) bool {
	return day.AddDate(0, 0, 1).After(o.From) && (o.Till.IsZero() || day.Before(o.Till))
}

// Books is the ledger.
type Books interface {
	// Stable returns the highest batch, and those up to it that the store of calls has not confirmed.
	Stable(ctx context.Context) (last int64, without []int64, err error)
	// Obstacles returns why calls from before a time cannot go: periods that are open, legs that are not rated, re-rates that have not ended.
	Obstacles(ctx context.Context, before time.Time) ([]Obstacle, error)
}
