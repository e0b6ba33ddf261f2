package repair

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"trunkline/cdr"
	"trunkline/rating/worker"
)

// Repair brings ledger and store of calls into agreement. Let one run at a time.
type Repair struct {
	Ledger    Ledger
	Calls     Calls
	Incidents Incidents
	Worker    *worker.Worker // Prices legs that are brought back, and stores them.
	Topic     Topic          // Nil: the stream is not looked at.
	Log       *slog.Logger
}

// Topic reads legs again that are still on the stream.
type Topic interface {
	// Legs returns the legs at the offsets [from, till) of a partition, as far as they are still there.
	Legs(ctx context.Context, topic string, part int, from, till int64) ([]cdr.Leg, error)
}

// Result is what a repair did.
type Result struct {
	Foreign  int       // Batches that the ledger did not know; their rows were set aside.
	Brought  int       // Legs of them that were accounted for anew.
	Refilled int       // Batches that the store of calls had lost and has again.
	Missing  []Batch   // Batches whose records cannot be brought back.
	Since    time.Time // When the first of them was made; zero: nothing is missing.
}

// None reports whether there was nothing to do.
func (r *Result) None() bool { return r.Foreign == 0 && r.Refilled == 0 && len(r.Missing) == 0 }

// Claim makes the store of calls this ledger's, if it is nobody's yet. A store of another ledger is ErrOtherLedger.
func Claim(ctx context.Context, l Ledger, c Calls) error {
	ours, err := l.Identity(ctx)
	if err != nil {
		return err
	}
	owner, err := c.Owner(ctx)
	switch {
	case err != nil:
		return err
	case owner == ours:
		return nil
	case owner != "":
		return fmt.Errorf("%w: ClickHouse has the calls of ledger %s, PostgreSQL is ledger %s. "+
			"Give the address of the database that belongs to it, or, if that ledger is lost for good, take its calls over with `trunkline repair --adopt`", ErrOtherLedger, owner, ours)
	}
	return c.Own(ctx, ours)
}

// Look is a quick comparison of what is newest; where it finds nothing, nothing is done. Otherwise all is repaired.
func (r *Repair) Look(ctx context.Context) (Result, error) {
	d, err := Recent(ctx, r.Ledger, r.Calls)
	if err != nil || d.None() {
		return Result{}, err
	}
	r.Log.ErrorContext(ctx, "ledger and store of calls do not have the same batches: one of them went back in time; it is repaired now",
		"unknown_to_ledger", len(d.Foreign), "lost_by_store", len(d.Lost))
	return r.Run(ctx)
}

// Run compares everything and repairs what differs. It may be repeated, also after it was killed; a second run finds nothing.
func (r *Repair) Run(ctx context.Context) (Result, error) {
	var out Result
	if err := r.Calls.CountBatches(ctx); err != nil {
		return out, err
	}
	d, err := Compare(ctx, r.Ledger, r.Calls)
	if err != nil {
		return out, err
	}
	if err := r.foreign(ctx, d.Foreign, &out); err != nil {
		return out, err
	}
	return out, r.lost(ctx, d, &out)
}

// asideAtOnce is how many batches one statement sets aside.
const asideAtOnce = 2000

// foreign sets rows aside that the ledger knows nothing of, and brings their legs back.
func (r *Repair) foreign(ctx context.Context, batches []ID, out *Result) error {
	if len(batches) == 0 {
		return nil
	}
	last, err := r.Calls.LastStored(ctx)
	if err != nil {
		return err
	}
	if err := r.Ledger.SkipTo(ctx, last); err != nil {
		return err
	}
	detail := fmt.Sprintf("the store of calls has %d batches, %d to %d, that the ledger does not know: it was restored from a backup, or a replica that was behind took over; "+
		"payments, changes of prices and invoices since then are lost too: compare them with your bank and your files", len(batches), batches[0].Number, batches[len(batches)-1].Number)
	if err := r.Incidents.Note(ctx, LedgerBack, "ledger", detail, ""); err != nil {
		return err
	}
	for rest := batches; len(rest) > 0; {
		n := min(asideAtOnce, len(rest))
		if err := r.Calls.SetAside(ctx, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	out.Foreign = len(batches)
	if out.Brought, err = r.bring(ctx); err != nil {
		return err
	}
	return r.Incidents.Heal(ctx, LedgerBack, "", fmt.Sprintf("%d batches set aside, %d legs accounted for anew from them; others are read from the stream", len(batches), out.Brought))
}

// bringAtOnce is how many legs are accounted for in one transaction.
const bringAtOnce = 5000

// bring accounts for the legs that were set aside. Those that the ledger knows, or has read from the stream meanwhile, are passed over.
func (r *Repair) bring(ctx context.Context) (brought int, err error) {
	var after cdr.Leg
	for {
		legs, err := r.Calls.AsideLegs(ctx, after, bringAtOnce)
		if err != nil || len(legs) == 0 {
			return brought, err
		}
		for i := range legs {
			// A hold of the call ends with its leg; of a call that none was made for, nothing does.
			legs[i].Reserved = legs[i].Kind == cdr.Ingress && legs[i].Source == cdr.SourceSIP
		}
		batch, err := r.Ledger.Bring(ctx, legs, r.Worker.Rate)
		if err != nil {
			return brought, err
		}
		if err := r.Worker.Deliver(ctx, batch); err != nil {
			return brought, err
		}
		brought += len(batch.Records) + len(batch.DeadLetters)
		after = legs[len(legs)-1]
	}
}

// lost fills the store of calls with what it lost.
func (r *Repair) lost(ctx context.Context, d Differences, out *Result) error {
	if len(d.Lost) == 0 {
		return nil
	}
	detail := fmt.Sprintf("the store of calls lacks records of %d batches that it had, %d to %d: it was restored from a backup",
		len(d.Lost), d.Lost[0].Number, d.Lost[len(d.Lost)-1].Number)
	if err := r.Incidents.Note(ctx, StoreBack, "calls", detail, ""); err != nil {
		return err
	}
	for rest := d.Wrong; len(rest) > 0; {
		n := min(asideAtOnce, len(rest))
		ids := make([]ID, n)
		for i := range ids {
			ids[i] = rest[i].ID
		}
		if err := r.Calls.SetAside(ctx, ids); err != nil {
			return err
		}
		rest = rest[n:]
	}
	run := rand.Text() // The store may remember the token of a batch that it has lost.
	for _, b := range d.Lost {
		err := r.refill(ctx, run, b)
		switch {
		case errors.Is(err, ErrNotKept):
			out.Missing = append(out.Missing, b)
			if out.Since.IsZero() || b.Made.Before(out.Since) {
				out.Since = b.Made
			}
		case err != nil:
			return err
		default:
			out.Refilled++
		}
	}
	return r.told(ctx, out)
}

func (r *Repair) told(ctx context.Context, out *Result) error {
	outcome := fmt.Sprintf("%d batches filled again", out.Refilled)
	if n := len(out.Missing); n > 0 {
		outcome += fmt.Sprintf(", %d cannot be", n)
		detail := fmt.Sprintf("the records of %d batches, %d to %d, made from %s on, are neither kept nor on the stream: the calls are charged, and cannot be shown one by one",
			n, out.Missing[0].Number, out.Missing[n-1].Number, out.Since.UTC().Format(time.RFC3339))
		if err := r.Incidents.Note(ctx, Missing, "calls", detail, ""); err != nil {
			return err
		}
	} else if err := r.Incidents.Heal(ctx, Missing, "", "all records are there again"); err != nil {
		return err
	}
	return r.Incidents.Heal(ctx, StoreBack, "", outcome)
}

// refill stores the records of one batch again, from what is kept packed or, where that is gone, from the stream.
func (r *Repair) refill(ctx context.Context, run string, b Batch) error {
	batch, err := r.Ledger.Packed(ctx, b.Number)
	if errors.Is(err, ErrNotKept) && r.Topic != nil {
		batch, err = r.fromTopic(ctx, b)
	}
	if err != nil {
		return err
	}
	if err := r.Calls.WriteRecords(ctx, fmt.Sprintf("refill/%s/%s", run, batch.Token()), batch.Records); err != nil {
		return err
	}
	return r.Calls.Summed(ctx, batch.Records)
}
