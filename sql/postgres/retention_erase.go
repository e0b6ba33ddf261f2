package postgres

import (
	"context"
	"fmt"
	"time"

	"trunkline/cdr"
	"trunkline/reports/retention"
)

// search goes through a place in which persons are named, and takes one out where change is set.
type search struct {
	r      *Retention
	person retention.Person
	held   retention.Held
	change bool
	found  *retention.Found
}

// place is one, by the name that people are told.
type place struct {
	name string
	look func(ctx context.Context, s *search) error
}

func places() []place {
	const sentBy = "coalesce((SELECT a.tenant FROM alarm a WHERE a.id = alarm), (SELECT e.tenant FROM event e WHERE e.id = event), '')"
	return []place{
		{"packed records", lookPacked},
		{"unrated legs", lookUnrated},
		{"changes of unrated legs", lookChanges},
		{"texts of imports", lookTexts},
		{"records that could not be imported", lookFaults},
		{"events", looker("event", "tenant", "text", "object", "data")},
		{"alarms", looker("alarm", "tenant", "text", "owner", "done")},
		{"messages of alarms and events", looker("alert_delivery", sentBy, "text", "error")},
	}
}

// Find implements retention.People.
func (r *Retention) Find(ctx context.Context, p retention.Person, held retention.Held) ([]retention.Found, error) {
	return r.search(ctx, search{r: r, person: p, held: held})
}

// Erase implements retention.People.
func (r *Retention) Erase(ctx context.Context, p retention.Person, held retention.Held) error {
	_, err := r.search(ctx, search{r: r, person: p, held: held, change: true})
	return err
}

func (r *Retention) search(ctx context.Context, s search) ([]retention.Found, error) {
	all := places()
	out := make([]retention.Found, len(all))
	for i, p := range all {
		out[i].Place = p.name
		s.found = &out[i]
		if err := p.look(ctx, &s); err != nil {
			return nil, fmt.Errorf("look for a number in %s: %w", p.name, err)
		}
	}
	return out, nil
}

// one counts a record that names the person, and reports whether it is to be changed.
func (s *search) one(held bool, slot time.Time) bool {
	s.found.Rows++
	if held {
		s.found.Held++
		return false
	}
	if slot.After(s.found.Newest) {
		s.found.Newest = slot.UTC()
	}
	return s.change
}

// ids are the keys of a table, to look at one row after the other.
func (s *search) ids(ctx context.Context, query string) (ids []int64, err error) {
	rows, err := s.r.db.pool.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	return collectNumbers(rows)
}

// exec changes a row.
func (s *search) exec(ctx context.Context, statement string, args ...any) error {
	_, err := s.r.db.pool.Exec(ctx, statement, args...)
	return err
}

// lookPacked looks at the records of batches that are kept packed.
func lookPacked(ctx context.Context, s *search) error {
	ids, err := s.ids(ctx, `SELECT id FROM batch WHERE blob IS NOT NULL ORDER BY id`)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.batch(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (s *search) batch(ctx context.Context, id int64) error {
	var key int64
	var blob []byte
	if err := s.r.db.pool.QueryRow(ctx, `SELECT key, blob FROM batch WHERE id = $1`, id).Scan(&key, &blob); err != nil || blob == nil {
		return err // Its time was over meanwhile.
	}
	records, err := unpackRecords(blob, id, key)
	if err != nil {
		return err
	}
	changed := false
	for i := range records {
		l := &records[i].Leg
		if !s.person.OfLeg(l) || !s.one(s.held.CoversLeg(l), records[i].Slot) {
			continue
		}
		changed = true
		if err := s.person.OutOfLeg(l); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	return s.exec(ctx, `UPDATE batch SET blob = $2 WHERE id = $1 AND blob IS NOT NULL`, id, s.r.books.pack(records))
}

// lookUnrated looks at legs that could not be rated, settled or not.
func lookUnrated(ctx context.Context, s *search) error {
	ids, err := s.ids(ctx, `SELECT id FROM dead_leg ORDER BY id`)
	if err != nil {
		return err
	}
	for _, id := range ids {
		var tenant, detail string
		var message []byte
		if err := s.r.db.pool.QueryRow(ctx, `SELECT tenant, detail, message FROM dead_leg WHERE id = $1`, id).Scan(&tenant, &detail, &message); err != nil {
			return err
		}
		fresh, ok, err := s.message(tenant, message, []byte(detail))
		if err == nil && ok {
			err = s.exec(ctx, `UPDATE dead_leg SET message = $2, detail = $3 WHERE id = $1`, id, fresh, string(s.person.Out([]byte(detail))))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lookChanges looks at legs as they were before somebody changed them.
func lookChanges(ctx context.Context, s *search) error {
	ids, err := s.ids(ctx, `SELECT id FROM dead_change ORDER BY id`)
	if err != nil {
		return err
	}
	for _, id := range ids {
		var tenant string
		var message []byte
		if err := s.r.db.pool.QueryRow(ctx, `SELECT d.tenant, c.before FROM dead_change c JOIN dead_leg d ON d.id = c.dead WHERE c.id = $1`, id).Scan(&tenant, &message); err != nil {
			return err
		}
		fresh, ok, err := s.message(tenant, message, nil)
		if err == nil && ok {
			err = s.exec(ctx, `UPDATE dead_change SET before = $2 WHERE id = $1`, id, fresh)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// message takes the person out of a leg, or out of what is none; ok is false where nothing is to be changed.
func (s *search) message(tenant string, message, beside []byte) (fresh []byte, ok bool, err error) {
	var leg cdr.Leg
	if cdr.DecodeLeg(message, &leg) != nil {
		if !s.person.In(message) && !s.person.In(beside) || !s.one(s.held.Covers(tenant, message), time.Time{}) {
			return nil, false, nil
		}
		return s.person.Out(message), true, nil
	}
	if !s.person.OfLeg(&leg) && !s.person.In(beside) || !s.one(s.held.CoversLeg(&leg), cdr.SlotOf(&leg)) {
		return nil, false, nil
	}
	if err := s.person.OutOfLeg(&leg); err != nil {
		return nil, false, err
	}
	return cdr.AppendLeg(nil, &leg), true, nil
}
