package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"trunkline/internal/calls"
	"trunkline/rating"
	"trunkline/rating/worker"
)

// storedUse is what a leg used of an allowance or tier as it is kept.
type storedUse struct {
	Tenant  string         `json:"tenant"`
	Tariff  string         `json:"tariff"`
	Name    string         `json:"name"`
	Measure rating.Measure `json:"measure"`
	Scope   rating.Scope   `json:"scope"`
	Owner   string         `json:"owner,omitempty"`
	Start   int64          `json:"start"`
	Amount  int64          `json:"amount"`
}

// legUses are uses by the leg that they are of.
type legUses map[worker.LegID][]worker.CounterUse

func byLeg(uses []worker.CounterUse) legUses {
	if len(uses) == 0 {
		return nil
	}
	out := make(legUses)
	for _, u := range uses {
		out[u.Leg] = append(out[u.Leg], u)
	}
	return out
}

// columns are uses as columns of a statement.
func (l legUses) columns() (calls [][16]byte, seqs []int32, uses []string, err error) {
	for id, list := range l {
		stored := make([]storedUse, 0, len(list))
		for _, u := range list {
			c := u.Counter
			stored = append(stored, storedUse{u.Tenant, u.Tariff, c.Name, c.Measure, c.Scope, c.Owner, c.Start, u.Amount})
		}
		text, err := json.Marshal(stored)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("uses of leg %s/%d: %w", id.Call, id.Seq, err)
		}
		calls, seqs, uses = append(calls, id.Call.Bytes()), append(seqs, int32(id.Seq)), append(uses, string(text))
	}
	return calls, seqs, uses, nil
}

// writeLegUses keeps what legs used, to be taken back when they are priced again.
func writeLegUses(ctx context.Context, tx pgx.Tx, all legUses) error {
	if len(all) == 0 {
		return nil
	}
	calls, seqs, uses, err := all.columns()
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO leg_use (call, seq, uses) SELECT * FROM unnest($1::uuid[], $2::integer[], $3::jsonb[])
		ON CONFLICT (call, seq) DO UPDATE SET uses = excluded.uses`, calls, seqs, uses)
	if err != nil {
		return fmt.Errorf("keep what legs used: %w", err)
	}
	return nil
}

// readLegUses returns what the rows of a query say: call, seq, uses.
func readLegUses(rows pgx.Rows) (legUses, error) {
	out := make(legUses)
	var call [16]byte
	var seq int32
	var text []byte
	_, err := pgx.ForEachRow(rows, []any{&call, &seq, &text}, func() error {
		id := worker.LegID{Seq: uint16(seq)} //nolint:gosec // As it was written.
		var err error
		if id.Call, err = calls.IDFromBytes(call[:]); err != nil {
			return err
		}
		var stored []storedUse
		if err := json.Unmarshal(text, &stored); err != nil {
			return fmt.Errorf("uses of leg %s/%d: %w", id.Call, id.Seq, err)
		}
		for _, s := range stored {
			counter := rating.Counter{Name: s.Name, Measure: s.Measure, Scope: s.Scope, Owner: s.Owner, Start: s.Start}
			out[id] = append(out[id], worker.CounterUse{Leg: id, Tenant: s.Tenant, Tariff: s.Tariff, Use: rating.Use{Counter: counter, Amount: s.Amount}})
		}
		return nil
	})
	return out, err
}
