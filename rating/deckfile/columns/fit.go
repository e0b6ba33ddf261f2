package columns

// Shares of the cells that must be of a kind, in percent.
const (
	fitMost  = 70
	fitSome  = 50
	fitTrace = 1
)

// share is n of the filled cells in percent.
func (p *profile) share(n int) int {
	if p.filled == 0 {
		return 100
	}
	return n * 100 / p.filled
}

// fits says whether the cells of a column can be what its heading says, and what they are not otherwise. A column without a
// cell fits everything.
func (p *profile) fits(kind string) (ok bool, why string) {
	if p.filled == 0 {
		return true, ""
	}
	numbers := p.share(p.fractions + p.integers)
	switch kind {
	case "prefix", "country_code", "area", "code_from", "code_to", "npa", "nxx":
		return p.share(p.codes) >= fitSome && p.share(p.days) < fitSome, "its cells are no codes"
	case "rate", "first_rate", "next_rate", "old_rate":
		return numbers+p.share(p.closings) >= fitSome && p.share(p.dates) < fitMost, "its cells are no prices"
	case "connect_fee", "attempt_fee", "min_charge":
		return numbers >= fitSome, "its cells are no amounts"
	case "initial", "next", "grace":
		return p.share(p.steps) >= fitSome && p.share(p.pairs) < fitSome, "its cells are no seconds"
	case "increment":
		return p.share(p.pairs) >= fitSome || p.share(p.steps) >= fitSome, "its cells are no steps of billing"
	case "effective_from", "effective_to":
		return p.share(p.dates) >= fitSome && p.share(p.fractions) < fitMost || p.share(p.dates) >= fitMost, "its cells are no dates"
	case "currency":
		return p.share(p.currencies) >= fitSome, "its cells are no codes of currencies"
	case "origin":
		return p.share(p.fractions) < fitSome, "its cells are no codes"
	case "status":
		return p.share(p.marks) >= fitSome || p.share(p.yesNo) >= fitMost || p.share(p.closings) >= fitTrace && p.share(p.signed) == 0, "nobody knows the words in it"
	case "blocked":
		return p.share(p.yesNo+p.closings) >= fitMost, "its cells are neither yes nor no"
	case "period":
		return p.share(p.words) >= fitSome, "its cells are no names of periods"
	case "destination", "country", "network":
		return p.share(p.words) >= fitSome, "its cells are no names"
	}
	return true, ""
}
