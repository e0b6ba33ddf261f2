package ratesheet

import (
	"trunkline/rating"
)

// key is what a price is for.
type key struct{ prefix, origin, period string }

func keyOf(r *rating.Rate) key { return key{r.Prefix.Digits(), r.Origin.Digits(), r.Period} }

// collect finds the rows of a sheet.
func collect(deck *rating.Deck, request *Request, grouped bool) []row {
	former := heldAt(request)
	var rows []row
	seen := make(map[key]bool)
	for r := range deck.Rates() {
		if !r.InForce(request.At) && (!request.Whole || !r.Till.IsZero() && !r.Till.After(request.At)) {
			continue
		}
		one := row{rate: &r, codes: []string{code(&r)}}
		one.old = former[keyOf(&r)]
		one.change = change(one.old, &r)
		seen[keyOf(&r)] = true
		if request.Since.IsZero() || one.change != unchanged {
			rows = append(rows, one)
		}
	}
	if !request.Since.IsZero() {
		rows = append(rows, gone(deck, request, former, seen)...)
	}
	if grouped {
		rows = group(rows)
	}
	return rows
}

// heldAt are the prices that held at the moment since which changes are written.
func heldAt(request *Request) map[key]*rating.Rate {
	out := make(map[key]*rating.Rate)
	if request.Since.IsZero() || request.Before == nil {
		return out
	}
	for r := range request.Before.Rates() {
		if r.InForce(request.Since) {
			out[keyOf(&r)] = &r
		}
	}
	return out
}

// The words for changes.
const (
	unchanged = "unchanged"
	added     = "new"
	increase  = "increase"
	decrease  = "decrease"
	modified  = "changed" // Its price is the same, and its terms are not.
	closed    = "closed"
)

func change(old, r *rating.Rate) string {
	switch {
	case old == nil:
		return added
	case r.PerMinute.Cmp(old.PerMinute) > 0 || r.Blocked && !old.Blocked:
		return increase
	case r.PerMinute.Cmp(old.PerMinute) < 0 || !r.Blocked && old.Blocked:
		return decrease
	case r.Terms != old.Terms:
		return modified
	}
	return unchanged
}

// gone are the prices that held and do not hold any more, with the moment at which they ended.
func gone(deck *rating.Deck, request *Request, former map[key]*rating.Rate, seen map[key]bool) []row {
	ends := make(map[key]rating.Rate)
	for r := range deck.Rates() {
		if !r.Till.IsZero() && !r.Till.After(request.At) {
			ends[keyOf(&r)] = r
		}
	}
	var rows []row
	if request.Before == nil {
		return nil
	}
	for r := range request.Before.Rates() {
		k := keyOf(&r)
		if former[k] == nil || seen[k] || !r.InForce(request.Since) {
			continue
		}
		last := r
		if ended, ok := ends[k]; ok {
			last.Till = ended.Till
		}
		rows = append(rows, row{rate: &last, codes: []string{code(&last)}, change: closed, old: former[k]})
	}
	return rows
}

// terms is what rows of one group have in common.
type terms struct {
	rate   rating.Rate
	change string
	old    string
}

// group puts the codes of a destination into one row where all else is the same.
func group(rows []row) []row {
	at := make(map[terms]int)
	var out []row
	for _, r := range rows {
		k := terms{rate: *r.rate, change: r.change}
		k.rate.Prefix, k.rate.Line = rating.Rate{}.Prefix, 0
		if r.old != nil {
			k.old = r.old.PerMinute.String()
		}
		if i, known := at[k]; known {
			out[i].codes = append(out[i].codes, r.codes...)
			continue
		}
		at[k] = len(out)
		out = append(out, r)
	}
	return out
}
