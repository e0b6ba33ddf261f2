package pages

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trunkline/console"
)

// deadMost bounds the legs that are shown at once.
const deadMost = 200

// deadView are legs that could not be rated.
type deadView struct {
	Query console.DeadQuery
	Legs  []console.DeadLeg
}

// deadView reads those that the address asks for.
func (p *Pages) deadView(r *request) (any, error) {
	v := deadView{Query: console.DeadQuery{Tenant: strings.TrimSpace(r.Query("tenant")), Reason: strings.TrimSpace(r.Query("reason")), Limit: deadMost}}
	var err error
	v.Legs, err = p.o.Console.Dead(r.Request.Context(), r.who, v.Query)
	return v, err
}

func (p *Pages) dead(r *request) error {
	v, err := p.deadView(r)
	if err != nil {
		return err
	}
	return r.show("dead", "Unrated", v)
}

// onDead does something about unrated legs, and shows them again.
func (p *Pages) onDead(r *request, do func() error) error {
	return r.act("dead", "Unrated", "/dead", do, func() (any, error) { return p.deadView(r) })
}

// chosen are the unrated legs that were ticked.
func (r *request) chosen() ([]int64, error) {
	var ids []int64
	for _, text := range r.PostFormArray("id") {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errors.Join(console.ErrInvalid, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (p *Pages) writeOff(r *request) error {
	return p.onDead(r, func() error {
		ids, err := r.chosen()
		if err == nil {
			_, err = p.o.Console.WriteOffDead(r.Request.Context(), r.who, ids, r.PostForm("reason"))
		}
		return err
	})
}

// mend takes times in UTC, as they are shown.
func (p *Pages) mend(r *request) error {
	return p.onDead(r, func() error {
		id, err := strconv.ParseInt(r.PostForm("leg"), 10, 64)
		if err != nil {
			return errors.Join(console.ErrInvalid, err)
		}
		m := console.Mending{Reason: r.PostForm("why")}
		for field, to := range map[string]*time.Time{"setup": &m.Setup, "connect": &m.Connect, "disconnect": &m.Disconnect} {
			text := strings.TrimSpace(r.PostForm(field))
			if text == "" {
				continue
			}
			if *to, err = parseMoment(text); err != nil {
				return fmt.Errorf("%w: %s: %q is no time: write it like 2026-11-30 14:05:00, in UTC", console.ErrInvalid, field, text)
			}
		}
		_, err = p.o.Console.MendDead(r.Request.Context(), r.who, id, m)
		return err
	})
}

// parseMoment reads a moment in UTC as a field of a page has it.
func parseMoment(text string) (time.Time, error) {
	for _, layout := range []string{time.DateTime, "2006-01-02T15:04:05", "2006-01-02T15:04", time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, errors.New("no such moment")
}

func (p *Pages) retry(r *request) error {
	return p.onDead(r, func() error {
		ids, err := r.chosen()
		if err == nil {
			_, err = p.o.Console.RetryDead(r.Request.Context(), r.who, ids)
		}
		return err
	})
}
