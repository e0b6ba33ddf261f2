package memory

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/ledger"
	"trunkline/rating/worker"
	"trunkline/rating/worker/repair"
)

// lastBatch is the highest id that a batch has, or may not have.
func (b *Books) lastBatch() int64 {
	last := b.books.skip
	if n := len(b.books.batches); n > 0 {
		last = max(last, b.books.batches[n-1].ID)
	}
	return last
}

// Identity implements repair.Ledger.
func (b *Books) Identity(context.Context) (string, error) { return "memory", nil }

// Batches implements repair.Ledger.
func (b *Books) Batches(_ context.Context, after int64, limit int) ([]repair.Batch, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []repair.Batch
	for _, one := range b.books.batches {
		if one.ID > after && len(out) < limit {
			out = append(out, repair.Batch{
				ID: repair.ID{Number: one.ID, Key: one.Key}, Records: int64(len(one.Records)), Stored: b.books.stored[one.ID], Packed: true,
			})
		}
	}
	return out, nil
}

// LastBatch implements repair.Ledger.
func (b *Books) LastBatch(context.Context) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lastBatch(), nil
}

// Packed implements repair.Ledger.
func (b *Books) Packed(_ context.Context, id int64) (worker.Batch, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range b.books.batches {
		if one.ID == id {
			return one, nil
		}
	}
	return worker.Batch{}, worker.ErrForeign
}

// Span implements repair.Ledger: all is kept packed.
func (b *Books) Span(context.Context, int64) (repair.Span, error) { return repair.Span{}, nil }

// SkipTo implements repair.Ledger.
func (b *Books) SkipTo(_ context.Context, id int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.books.skip = max(b.books.skip, id)
	return nil
}

// Bring implements repair.Ledger.
func (b *Books) Bring(ctx context.Context, legs []cdr.Leg, rate func(worker.Fresh) (worker.Outcome, error)) (worker.Batch, error) {
	return b.Post(ctx, &worker.Delivery{Source: "repair", Legs: legs}, rate)
}

// Note implements repair.Incidents.
func (b *Books) Note(context.Context, string, string, string, string) error { return nil }

// Heal implements repair.Incidents.
func (b *Books) Heal(context.Context, string, string, string) error { return nil }

// Snapshot is a backup of a store.
type Snapshot struct {
	accounts map[ledger.Account]*ledger.State
	nodes    map[string]*node
	postings []ledger.Posting
	keys     map[string]int
	settings map[settingKey]ledger.Caps
	blocks   map[blockKey]bool
	counters map[ledger.Counter]*ledger.Gauge
	books    books
	holds    map[uuid.UUID]*hold
	quotas   map[uuid.UUID]*quota
	rules    map[ledger.Account]rules
	sequence int64
}

// Backup returns a copy of all that the ledger has.
func (s *Store) Backup() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Snapshot{
		accounts: clonePointers(s.accounts), nodes: clonePointers(s.nodes), counters: clonePointers(s.counters),
		postings: slices.Clone(s.postings), keys: maps.Clone(s.keys), settings: maps.Clone(s.settings), blocks: maps.Clone(s.blocks),
		books: s.books.clone(), holds: clonePointers(s.holds), quotas: clonePointers(s.quotas), rules: maps.Clone(s.rules), sequence: s.sequence,
	}
}

// Restore puts a backup in the place of all that the ledger has, and returns the entries by people that it lost.
func (s *Store) Restore(from *Snapshot) []ledger.Posting {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lost []ledger.Posting
	for _, p := range s.postings[len(from.postings):] {
		if p.Key != "" {
			lost = append(lost, p)
		}
	}
	s.accounts, s.nodes, s.counters = clonePointers(from.accounts), clonePointers(from.nodes), clonePointers(from.counters)
	s.postings, s.keys, s.settings, s.blocks = slices.Clone(from.postings), maps.Clone(from.keys), maps.Clone(from.settings), maps.Clone(from.blocks)
	s.books = from.books.clone()
	s.quotas, s.rules = clonePointers(from.quotas), maps.Clone(from.rules)
	s.holds, s.sequence = clonePointers(from.holds), from.sequence
	return lost
}

func clonePointers[K comparable, V any](m map[K]*V) map[K]*V {
	out := make(map[K]*V, len(m))
	for k, v := range m {
		copied := *v
		out[k] = &copied
	}
	return out
}

func (b *books) clone() books {
	return books{
		marks: maps.Clone(b.marks), claimed: maps.Clone(b.claimed), dead: maps.Clone(b.dead), letters: slices.Clone(b.letters), batches: slices.Clone(b.batches),
		stored: maps.Clone(b.stored), used: maps.Clone(b.used), skip: b.skip,
	}
}
