package columns

import (
	"fmt"
	"maps"
	"slices"

	"trunkline/rating/deckfile/heading"
)

func isVariantPrice(m heading.Meaning) bool { return isPrice(m.Kind) && m.Variant != "" }

// jurisdiction reports whether prices differ by where in North America a call comes from.
func jurisdiction(variant string) bool {
	return variant == "interstate" || variant == "intrastate" || variant == "indeterminate"
}

// bands looks at the prices that hold at other times only. They become rates of a period of the tariff, if somebody says of which.
func (r *resolver) bands() {
	found := make(map[string]map[Column]int)
	for i := range r.columns {
		c := &r.columns[i]
		if c.used != "" || c.ignored || len(c.meanings) == 0 || c.meanings[0].Variant == "" {
			continue
		}
		kind, variant := c.meanings[0].Kind, c.meanings[0].Variant
		if jurisdiction(variant) {
			c.why = "it is the price for calls of another kind"
			continue
		}
		if found[variant] == nil {
			found[variant] = make(map[Column]int)
		}
		found[variant][bandColumn(kind)] = i
	}
	for _, variant := range slices.Sorted(maps.Keys(found)) {
		r.band(variant, found[variant])
	}
}

func bandColumn(kind string) Column {
	if kind == "next_rate" {
		return Rate
	}
	return Column(kind)
}

func (r *resolver) band(variant string, columns map[Column]int) {
	price, ok := columns[Rate]
	if !ok {
		return
	}
	main, ok := r.m.Columns[Rate]
	if ok && (r.columns[main].profile.same(&r.columns[price].profile) || r.columns[price].profile.filled == 0) {
		for _, at := range columns {
			r.columns[at].why = "it is the same as at any time"
		}
		return
	}
	period := r.answers.Periods[variant]
	if period == "" && r.hints.Learned != nil {
		for name, known := range r.hints.Learned.Bands {
			if at, same := known[Rate]; same && at < len(r.hints.Learned.Heads) && heading.Normal(r.hints.Learned.Heads[at]) == heading.Normal(r.columns[price].heading) {
				period = name
			}
		}
	}
	if period == "" {
		if !r.asked(Rate) {
			r.questions = append(r.questions, Question{
				About: "period " + variant, Choices: []int{price}, Flag: fmt.Sprintf("--period %s=NAME, or --ignore %q", variant, r.columns[price].heading),
				Text: fmt.Sprintf("column %q has prices for another time (%s): of which period of the tariff are they?", r.columns[price].heading, variant),
			})
		}
		return
	}
	if r.m.Bands == nil {
		r.m.Bands = make(map[string]map[Column]int)
	}
	r.m.Bands[period] = columns
	for c, at := range columns {
		r.columns[at].used, r.columns[at].band = c, period
	}
}
