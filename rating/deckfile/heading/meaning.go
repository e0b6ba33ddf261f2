package heading

import (
	"cmp"
	"slices"
)

// Least is the score below which a heading is not taken for what a rule says.
const Least = 50

// Costs of words that a rule has no place for.
const (
	unknownCost = 22 // A word that nobody knows.
	foreignCost = 60 // A word that speaks of something else.
)

// Meaning is one thing that a heading may say.
type Meaning struct {
	Kind    string // As in rules.txt.
	Score   int
	Variant string // For which calls or times only: "interstate", "offpeak"; empty: for all.
}

// Attributes are what a heading says beside its meaning.
type Attributes struct {
	Seconds    int    // For how many seconds a price is; 0: it does not say.
	Cents      bool   // Prices are in hundredths.
	Currency   string // Code of ISO 4217 in capitals; empty: it names none, or several.
	NorthernUS bool   // Codes are NPA and NXX, without the country code 1.
	Money      bool   // It speaks of a price or a fee.
	Origin     bool   // It speaks of where calls come from.
	DayFirst   bool   // It spells dates as DD/MM.
	MonthFirst bool   // It spells dates as MM/DD.
	Steps      bool   // It speaks of billing and its steps.
	Codes      bool   // It speaks of codes.
	Old        bool   // It speaks of what held before.
	Foreign    bool   // It speaks of something that prices have nothing to do with.
}

// variants are ideas for which there is a price beside others, and what they are called.
func variants() map[string]string {
	return map[string]string{
		"inter": "interstate", "intra": "intrastate", "indet": "indeterminate",
		"peak": "peak", "daytime": "day", "offpeak": "off-peak", "night": "night", "weekend": "weekend", "evening": "evening",
	}
}

func harmless() []string { return []string{"per", "filler", "tax", "currencyof", "dmy", "mdy"} }

// Meanings returns what a heading may mean, the surest first; none for a heading that nobody knows.
func (v *Vocabulary) Meanings(heading string) []Meaning {
	list := v.ideas(heading)
	variant := variantOf(list)
	best := make(map[string]Meaning)
	for i := range v.rules {
		r := &v.rules[i]
		score := r.fits(list)
		named := variant
		if score < Least && variant != "" { // "Off-peak Interval First": the rule of what is left.
			score = r.fits(without(list, variants()))
		}
		if score >= Least && score > best[r.kind].Score {
			best[r.kind] = Meaning{Kind: r.kind, Score: score, Variant: named}
		}
	}
	out := make([]Meaning, 0, len(best))
	for _, m := range best {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Meaning) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Kind, b.Kind)) })
	return out
}

func variantOf(list [][]string) string {
	names := variants()
	for _, ideas := range list {
		for _, idea := range ideas {
			if name := names[idea]; name != "" {
				return name
			}
		}
	}
	return ""
}

func without(list [][]string, drop map[string]string) [][]string {
	return slices.DeleteFunc(slices.Clone(list), func(ideas []string) bool {
		return slices.ContainsFunc(ideas, func(idea string) bool { return drop[idea] != "" })
	})
}

// fits returns how well a rule covers the words of a heading; 0 where something is missing.
func (r *rule) fits(list [][]string) int {
	score := r.score
	left := slices.Clone(r.needs)
	var rest [][]string
	for _, ideas := range list { // What has one idea only takes its place first.
		if i := slices.IndexFunc(left, func(need string) bool { return len(ideas) == 1 && ideas[0] == need }); i >= 0 {
			left = slices.Delete(left, i, i+1)
			continue
		}
		rest = append(rest, ideas)
	}
	for _, ideas := range rest {
		i := slices.IndexFunc(left, func(need string) bool { return slices.Contains(ideas, need) })
		switch {
		case i >= 0:
			left = slices.Delete(left, i, i+1)
		case len(ideas) == 0:
			score -= unknownCost
		case !slices.ContainsFunc(ideas, func(idea string) bool {
			return slices.Contains(r.may, idea) || slices.Contains(harmless(), idea) || slices.Contains(r.needs, idea)
		}):
			score -= foreignCost
		}
	}
	if len(left) > 0 {
		return 0
	}
	return score
}
