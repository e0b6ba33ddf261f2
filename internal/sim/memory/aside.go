package memory

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"

	"trunkline/cdr"
	"trunkline/rating/worker"
	"trunkline/rating/worker/repair"
)

func idOf(r *cdr.Record) repair.ID { return repair.ID{Number: r.Batch, Key: r.BatchKey} }

// RowsOf implements worker.Calls.
func (c *Calls) RowsOf(_ context.Context, records []cdr.Record) (n int64, err error) {
	for _, r := range c.Records() {
		if len(records) > 0 && idOf(&r) == idOf(&records[0]) {
			n++
		}
	}
	return n, nil
}

// Summed implements worker.Calls: they are summed whenever they are asked for.
func (c *Calls) Summed(context.Context, []cdr.Record) error { return nil }

// Owner implements repair.Calls.
func (c *Calls) Owner(context.Context) (string, error) { return "memory", nil }

// Own implements repair.Calls.
func (c *Calls) Own(context.Context, string) error { return nil }

// CountBatches implements repair.Calls: they are counted whenever they are asked for.
func (c *Calls) CountBatches(context.Context) error { return nil }

// StoredBatches implements repair.Calls.
func (c *Calls) StoredBatches(_ context.Context, from, till int64) ([]repair.Stored, error) {
	rows := make(map[repair.ID]int64)
	for _, r := range c.Records() {
		if r.Batch >= from && r.Batch <= till {
			rows[idOf(&r)]++
		}
	}
	out := make([]repair.Stored, 0, len(rows))
	for id, n := range rows {
		out = append(out, repair.Stored{ID: id, Rows: n})
	}
	slices.SortFunc(out, func(a, b repair.Stored) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Key, b.Key))
	})
	return out, nil
}

// LastStored implements repair.Calls.
func (c *Calls) LastStored(context.Context) (last int64, err error) {
	for _, r := range c.Records() {
		last = max(last, r.Batch)
	}
	return last, nil
}

// SetAside implements repair.Calls.
func (c *Calls) SetAside(_ context.Context, batches []repair.ID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var kept []cdr.Record
	for _, r := range c.records {
		if slices.Contains(batches, idOf(&r)) {
			c.aside = append(c.aside, r)
		} else {
			kept = append(kept, r)
		}
	}
	c.records = kept
	return nil
}

func compareLegs(a, b *cdr.Leg) int {
	x, y := a.Call.Bytes(), b.Call.Bytes()
	return cmp.Or(a.Setup.Compare(b.Setup), bytes.Compare(x[:], y[:]), cmp.Compare(a.Seq, b.Seq))
}

// AsideLegs implements repair.Calls.
func (c *Calls) AsideLegs(_ context.Context, after cdr.Leg, limit int) ([]cdr.Leg, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []cdr.Leg
	for i := range c.aside {
		if r := &c.aside[i]; r.Sign > 0 && compareLegs(&r.Leg, &after) > 0 {
			out = append(out, r.Leg)
		}
	}
	slices.SortFunc(out, func(a, b cdr.Leg) int { return compareLegs(&a, &b) })
	out = slices.CompactFunc(out, func(a, b cdr.Leg) bool { return compareLegs(&a, &b) == 0 })
	return out[:min(limit, len(out))], nil
}

// Known implements repair.Calls.
func (c *Calls) Known(context.Context, []cdr.Leg) (map[worker.LegID]bool, error) {
	out := make(map[worker.LegID]bool)
	for _, r := range c.Records() {
		out[worker.LegID{Call: r.Call, Seq: r.Seq}] = true
	}
	return out, nil
}

// CallsBackup is a backup of a store of calls.
type CallsBackup struct {
	records, aside []cdr.Record
	tokens         map[string]bool
}

// Backup returns a copy of all that the store has.
func (c *Calls) Backup() *CallsBackup {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &CallsBackup{slices.Clone(c.records), slices.Clone(c.aside), maps.Clone(c.tokens)}
}

// Restore puts a backup in the place of all that the store has. It keeps what it knows of tokens, as ClickHouse does that is
// restored table by table, or forgets it.
func (c *Calls) Restore(from *CallsBackup, keepTokens bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records, c.aside = slices.Clone(from.records), slices.Clone(from.aside)
	if !keepTokens {
		c.tokens = maps.Clone(from.tokens)
	}
}
