package repair

import (
	"context"
	"math"
	"slices"
)

// Differences are the batches in which ledger and store of calls do not agree.
type Differences struct {
	Foreign []ID    // In the store, and not known to the ledger.
	Lost    []Batch // Confirmed as stored, and not there, or not as many rows as there have to be.
	Wrong   []Batch // Those of Lost of which the store has some rows, or too many.
}

// None reports whether there are none.
func (d *Differences) None() bool { return len(d.Foreign) == 0 && len(d.Lost) == 0 }

const (
	pageBatches = 10_000
	recentSpan  = 1000 // Batches that a quick look compares.
)

// Compare compares all batches.
func Compare(ctx context.Context, l Ledger, c Calls) (Differences, error) {
	return compare(ctx, l, c, 0)
}

// Recent compares the newest batches of both: a restored store lacks what came last, and a restored ledger does not know it.
func Recent(ctx context.Context, l Ledger, c Calls) (Differences, error) {
	last, err := l.LastBatch(ctx)
	if err != nil {
		return Differences{}, err
	}
	return compare(ctx, l, c, max(0, last-recentSpan))
}

// compare looks at the batches after an id. What is on its way is no difference: a batch is in the ledger before it is in the
// store, so the store is read first, and what it seems to lack is looked for once more.
func compare(ctx context.Context, l Ledger, c Calls, after int64) (Differences, error) {
	var d Differences
	for {
		known, till, stored, err := page(ctx, l, c, after)
		if err != nil {
			return d, err
		}
		d.add(known, stored)
		if till == math.MaxInt64 {
			break
		}
		after = till
	}
	if len(d.Lost) == 0 {
		return d, nil
	}
	again := Differences{Foreign: d.Foreign}
	first, last := d.Lost[0].Number, d.Lost[len(d.Lost)-1].Number
	stored, err := c.StoredBatches(ctx, first, last)
	if err != nil {
		return d, err
	}
	again.addLost(d.Lost, index(stored))
	return again, nil
}

// page reads the batches after an id from both sides, up to till: the largest number for the last page.
func page(ctx context.Context, l Ledger, c Calls, after int64) (known []Batch, till int64, stored []Stored, err error) {
	ahead, err := l.Batches(ctx, after, pageBatches)
	if err != nil {
		return nil, 0, nil, err
	}
	till = math.MaxInt64
	if len(ahead) == pageBatches {
		till = ahead[len(ahead)-1].Number
	}
	if stored, err = c.StoredBatches(ctx, after+1, till); err != nil {
		return nil, 0, nil, err
	}
	// What was posted between the two readings is known now.
	known, err = l.Batches(ctx, after, 2*pageBatches)
	known = slices.DeleteFunc(known, func(b Batch) bool { return b.Number > till })
	return known, till, stored, err
}

func index(stored []Stored) map[ID]int64 {
	out := make(map[ID]int64, len(stored))
	for _, s := range stored {
		out[s.ID] = s.Rows
	}
	return out
}

func (d *Differences) add(known []Batch, stored []Stored) {
	ours := make(map[ID]bool, len(known))
	for _, b := range known {
		ours[b.ID] = true
	}
	for _, s := range stored {
		if !ours[s.ID] {
			d.Foreign = append(d.Foreign, s.ID)
		}
	}
	d.addLost(known, index(stored))
}

func (d *Differences) addLost(known []Batch, rows map[ID]int64) {
	for _, b := range known {
		n := rows[b.ID]
		if n == b.Records || !b.Stored && n == 0 {
			continue
		}
		if !b.Stored && n < b.Records {
			continue // It is being written.
		}
		d.Lost = append(d.Lost, b)
		if n != 0 {
			d.Wrong = append(d.Wrong, b)
		}
	}
}
