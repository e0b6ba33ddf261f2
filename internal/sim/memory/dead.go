package memory

import (
	"context"

	"trunkline/cdr"
	"trunkline/rating/worker"
)

// RetryAll has all legs rated again that could not be, as Books.Retry of sql/postgres does with those it is told. Those that still cannot
// be stay.
func (b *Books) RetryAll(_ context.Context, rate func(worker.Fresh) (worker.Outcome, error)) (worker.Batch, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var legs []*cdr.Leg
	for _, id := range b.books.letters {
		if d, ok := b.books.dead[id]; ok {
			legs = append(legs, d.Leg)
		}
	}
	if len(legs) == 0 {
		return worker.Batch{}, nil
	}
	out, err := rate(b.fresh(legs))
	if err != nil {
		return worker.Batch{}, err
	}
	still := out.DeadLetters
	out.DeadLetters = nil
	batch, err := b.write(&out)
	if err != nil {
		return worker.Batch{}, err
	}
	clear(b.books.dead)
	b.books.letters = nil
	for _, d := range still {
		id := worker.LegID{Call: d.Leg.Call, Seq: d.Leg.Seq}
		b.books.dead[id] = d
		b.books.letters = append(b.books.letters, id)
	}
	return batch, nil
}
