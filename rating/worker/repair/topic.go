package repair

import (
	"context"
	"fmt"
	"maps"

	"trunkline/cdr"
	"trunkline/ledger"
	"trunkline/rating"
	"trunkline/rating/worker"
)

// fromTopic makes the records of a batch again from the legs that are still on the stream. They are taken only if their prices
// add up to just what the batch posted, in every account and slot; otherwise it is ErrNotKept.
func (r *Repair) fromTopic(ctx context.Context, b Batch) (worker.Batch, error) {
	out := worker.Batch{ID: b.Number, Key: b.Key}
	span, err := r.Ledger.Span(ctx, b.Number)
	if err != nil {
		return out, err
	}
	legs, err := r.legsOf(ctx, span)
	if err != nil {
		return out, err
	}
	none := func(string, string) rating.Counters { return rating.Tally{} }
	made, err := r.Worker.Rate(worker.Fresh{Legs: legs, Counters: none})
	if err != nil {
		return out, fmt.Errorf("price the legs of batch %d again: %w", b.Number, err)
	}
	if int64(len(made.Records)) != b.Records || !maps.Equal(totals(made.Postings), totals(span.Posted)) {
		return out, fmt.Errorf("batch %d: %w, and the stream does not have the same legs at the same prices", b.Number, ErrNotKept)
	}
	for i := range made.Records {
		made.Records[i].Batch, made.Records[i].BatchKey = out.ID, out.Key
	}
	out.Records = made.Records
	return out, nil
}

// legsOf reads the legs of a batch from the stream, each once, without those that the store of calls has of another batch.
func (r *Repair) legsOf(ctx context.Context, span Span) ([]*cdr.Leg, error) {
	var all []cdr.Leg
	for i, part := range span.Parts {
		legs, err := r.Topic.Legs(ctx, span.Source, int(part), span.Firsts[i], span.Nexts[i])
		if err != nil {
			return nil, err
		}
		all = append(all, legs...)
	}
	known, err := r.Calls.Known(ctx, all)
	if err != nil {
		return nil, err
	}
	out := make([]*cdr.Leg, 0, len(all))
	for i := range all {
		id := worker.LegID{Call: all[i].Call, Seq: all[i].Seq}
		if known[id] {
			continue
		}
		known[id] = true
		out = append(out, &all[i])
	}
	return out, nil
}

// total is where a posting counts.
type total struct {
	purpose       ledger.Purpose
	debit, credit ledger.Account
	slot          int64
}

func totals(postings []ledger.Posting) map[total]int64 {
	out := make(map[total]int64, len(postings))
	for _, p := range postings {
		out[total{p.Purpose, p.Debit, p.Credit, p.Slot.Unix()}] += p.Amount.Micros()
	}
	return out
}
