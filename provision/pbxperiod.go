package provision

import (
	"fmt"
	"strings"
	"time"
)

// period is what a mapping of a PBX is for, and when.
type period struct {
	pattern     string
	since, till time.Time
}

func (p *period) holds(at time.Time) bool { return within(at, p.since, p.till) }

func within(at, since, till time.Time) bool {
	return !at.Before(since) && (till.IsZero() || at.Before(till))
}

// before reports whether a mapping is to be taken rather than another, where both fit: the one with the fewest places left
// open, then the one that began last, then the one that ends first.
func (p *period) before(o *period) bool {
	if a, b := open(p.pattern), open(o.pattern); a != b {
		return a < b
	}
	if !p.since.Equal(o.since) {
		return p.since.After(o.since)
	}
	return !p.till.IsZero() && (o.till.IsZero() || p.till.Before(o.till))
}

// open counts the places of a pattern that any digit may stand in.
func open(pattern string) int {
	n := strings.Count(pattern, "X")
	if strings.HasSuffix(pattern, "*") {
		n += maxRecordedDigits
	}
	return n
}

// maxRecordedDigits is more places than an extension has.
const maxRecordedDigits = 64

// inForce is the mapping that holds at a moment, in whatever order they stand; nil: none.
func inForce[M any](all []M, at time.Time, of func(*M) *period, fits func(pattern string) bool) *M {
	var best *M
	for i := range all {
		p := of(&all[i])
		if fits(p.pattern) && p.holds(at) && (best == nil || p.before(of(best))) {
			best = &all[i]
		}
	}
	return best
}

// pbxPeriods makes sure that every mapping of a PBX can apply.
func (c *checker) pbxPeriods(field string, p *PBX) {
	periods(c, field+".extensions", p.Extensions, func(e *PBXExtension) *period { return &period{e.Number, e.Since, e.Till} })
	periods(c, field+".trunks", p.Trunks, func(t *PBXTrunk) *period { return &period{t.ID, t.Since, t.Till} })
	periods(c, field+".accounts", p.Accounts, func(a *PBXAccount) *period { return &period{a.Code, a.Since, a.Till} })
}

func periods[M any](c *checker, field string, all []M, of func(*M) *period) {
	type key struct {
		pattern     string
		since, till int64
	}
	former := make(map[key]int)
	for i := range all {
		p, at := of(&all[i]), fmt.Sprintf("%s[%d]", field, i)
		if !p.till.IsZero() && !p.till.After(p.since) {
			c.add(at+".till", "is not after since: the mapping never applies", "give a later till, or take the mapping out")
		}
		k := key{p.pattern, p.since.UnixMicro(), p.till.UnixMicro()}
		if j, ok := former[k]; ok {
			c.add(at, fmt.Sprintf("never applies: %s[%d] is for %q, too, and since the same time", field, j, p.pattern),
				"give it a later since, or take it out")
			continue
		}
		former[k] = i
	}
}
