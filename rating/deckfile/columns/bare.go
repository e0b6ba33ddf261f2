package columns

import (
	"slices"

	"trunkline/rating/deckfile/cell"
	"trunkline/rating/deckfile/heading"
)

// bareScore is how sure a column is that has no heading.
const bareScore = 60

// bare makes the columns out by their contents, for lists without a header.
func (r *resolver) bare() {
	for i := range r.columns {
		if kind := r.bareKind(&r.columns[i].profile); kind != "" {
			r.columns[i].meanings = []heading.Meaning{{Kind: kind, Score: bareScore}}
			continue
		}
		r.columns[i].why = "there is no heading, and its cells do not tell what they are"
	}
	var steps []int
	for i := range r.columns {
		if onlySteps(&r.columns[i].profile) {
			steps = append(steps, i)
		}
	}
	codes := len(r.candidates("prefix"))
	for n, at := range steps {
		if codes <= len(steps) && n == 0 && codes == len(steps) {
			continue // Nothing else could be the code.
		}
		kind := "increment"
		if len(steps) == 2 {
			kind = []string{"initial", "next"}[n]
		}
		r.columns[at].meanings = []heading.Meaning{{Kind: kind, Score: bareScore}}
	}
	if names := r.candidates("destination"); len(names) > 1 { // The longest name is that of the destination.
		slices.SortStableFunc(names, func(a, b candidate) int { return r.columns[b.at].profile.letters() - r.columns[a.at].profile.letters() })
		for _, n := range names[1:] {
			r.columns[n.at].meanings = nil
			r.columns[n.at].why = "another column without a heading holds names, too"
		}
	}
}

func (r *resolver) bareKind(p *profile) string {
	most := func(n int) bool { return p.filled > 0 && p.share(n) >= fitMost }
	switch {
	case most(p.currencies):
		return "currency"
	case most(p.pairs) && !most(p.dates):
		return "increment"
	case most(p.dates) && !most(p.integers) && !most(p.fractions):
		return "effective_from"
	case most(p.fractions):
		return "rate"
	case most(p.codes):
		return "prefix"
	case most(p.words):
		return "destination"
	}
	return ""
}

// onlySteps reports whether all cells are among the few numbers of seconds that people bill by.
func onlySteps(p *profile) bool {
	for _, text := range p.cells {
		n, err := cell.Seconds(text)
		if text != "" && (err != nil || !slices.Contains([]int32{0, 1, 5, 6, 10, 12, 15, 18, 20, 30, 36, 60, 90, 120, 180}, n)) {
			return false
		}
	}
	return p.filled > 0
}
