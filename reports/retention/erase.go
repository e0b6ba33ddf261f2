package retention

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"trunkline/internal/clock"
)

// Found is how many records of one place name a person.
type Found struct {
	Place  string
	Rows   int64
	Held   int64     // Of Rows: what holds cover, and stays.
	Newest time.Time // Of calls that no hold covers; zero: there is none, or the place does not say.
}

// People are places in which persons are named.
type People interface {
	// Find looks for a person.
	Find(ctx context.Context, p Person, held Held) ([]Found, error)
	// Erase takes them out, but for what is held. It may be repeated.
	Erase(ctx context.Context, p Person, held Held) error
}

// Trail keeps who erased what. It gets a digest and never a number.
type Trail interface {
	// Digest returns what stands for a number in the trail: the same for the same number and ledger.
	Digest(ctx context.Context, number string) (string, error)
	// Erased notes a step of an erasure.
	Erased(ctx context.Context, by, digest, what string) error
}

// Erasure is what somebody asked for.
type Erasure struct {
	Person Person
	Reason string
	Force  string // Why records are erased that the law obliges to keep; empty: they are not.
	By     string
}

// Eraser takes persons out of all stores.
type Eraser struct {
	Statutory Span
	Clock     clock.Clock
	Holds     Holds
	Calls     CallStore
	Places    []People
	Log       Log
	Trail     Trail
	// Alone is that of a Runner.
	Alone func(ctx context.Context, f func(context.Context) error) error
}

// Find returns where a person is named. ErrErasure is because of a hold on the number itself.
func (e *Eraser) Find(ctx context.Context, p Person) ([]Found, error) {
	held, err := e.held(ctx, p)
	if err != nil {
		return nil, err
	}
	return e.find(ctx, p, held)
}

// held are the holds in force; one on the number itself refuses its erasure.
func (e *Eraser) held(ctx context.Context, p Person) (Held, error) {
	holds, err := e.Holds.InForce(ctx)
	if err != nil {
		return Held{}, err
	}
	at := slices.IndexFunc(holds, func(h Hold) bool { return h.Number == p.Number })
	if at >= 0 {
		return Held{}, fmt.Errorf("%w: legal hold %d keeps the number: %s", ErrHold, holds[at].ID, holds[at].Reason)
	}
	return heldBy(holds), nil
}

func (e *Eraser) find(ctx context.Context, p Person, held Held) (out []Found, err error) {
	for _, place := range e.Places {
		found, err := place.Find(ctx, p, held)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// Erase takes a person out of all places, notes it before and after, and returns what was found before. It may be repeated: what an
// interrupted erasure left is erased by the next.
func (e *Eraser) Erase(ctx context.Context, o Erasure) (found []Found, err error) {
	if o.Reason == "" || o.Person.In([]byte(o.Reason)) || o.Person.In([]byte(o.Force)) {
		return nil, fmt.Errorf("%w: give a reason, without the number in it: it is kept", ErrErasure)
	}
	err = e.Alone(ctx, func(ctx context.Context) error {
		held, err := e.held(ctx, o.Person)
		if err != nil {
			return err
		}
		if err := e.Calls.Settle(ctx); err != nil {
			return err
		}
		if found, err = e.find(ctx, o.Person, held); err != nil {
			return err
		}
		if err := e.statutory(found, o.Force); err != nil {
			return err
		}
		return e.erase(ctx, o, held, found)
	})
	return found, err
}

func (e *Eraser) erase(ctx context.Context, o Erasure, held Held, found []Found) error {
	digest, err := e.Trail.Digest(ctx, o.Person.Number)
	if err != nil {
		return err
	}
	why := o.Reason
	if o.Force != "" {
		why += "; before the statutory time: " + o.Force
	}
	if err := e.Trail.Erased(ctx, o.By, digest, "begun: "+why); err != nil {
		return err
	}
	for _, place := range e.Places {
		if err := place.Erase(ctx, o.Person, held); err != nil {
			return err
		}
	}
	return e.Trail.Erased(ctx, o.By, digest, "done: "+summary(found))
}

func summary(found []Found) string {
	parts := make([]string, 0, len(found))
	for _, f := range found {
		if f.Rows > 0 {
			parts = append(parts, fmt.Sprintf("%s %d (%d held)", f.Place, f.Rows-f.Held, f.Held))
		}
	}
	if len(parts) == 0 {
		return "nothing named it"
	}
	return strings.Join(parts, ", ")
}

// statutory refuses what the law obliges to keep (GDPR, article 17(3)(b)).
func (e *Eraser) statutory(found []Found, force string) error {
	if force != "" {
		return nil
	}
	var newest time.Time
	for _, f := range found {
		if f.Newest.After(newest) {
			newest = f.Newest
		}
	}
	if from := newest.Add(time.Duration(e.Statutory)); e.Statutory > 0 && !newest.IsZero() && from.After(e.Clock.Now()) {
		return fmt.Errorf("%w: the newest call of the number is of %s and is kept by law for %s (retention.statutory): it may be erased from %s on, or with --force-reason",
			ErrErasure, newest.UTC().Format(time.DateOnly), e.Statutory, from.UTC().Format(time.DateOnly))
	}
	return nil
}

// Unreached lists where the number may still be.
func (e *Eraser) Unreached(ctx context.Context) ([]string, error) {
	out := []string{
		"backups: those that were made before; a restore brings the number back, so erase it again after one",
		"the topics of legs, until Kafka's retention.ms; spools of proxies that are away",
		"logs, files that were exported or sent, and documents that were issued: an invoice and its annex are kept by law",
		"the provisioning with its history and the audit, where the number is a client's own",
	}
	files, err := e.Log.Archives(ctx)
	for _, f := range files {
		out = append(out, "archive: "+f)
	}
	return out, err
}
