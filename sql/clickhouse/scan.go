package clickhouse

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/reports"
)

// scan is one reading of a table that answers several questions. They look at the same rows of the table, in stretches of time
// that do not overlap, and group them differently.
type scan struct {
	table     table
	like      *reports.GroupQuery // What rows are looked at, all but the time and whose they are.
	tenants   []string            // Whose rows are looked at; one that is empty: all of them.
	stretches []stretch
	dims      []reports.Dimension // That any of the questions groups by: the columns of its keys.
	wants     []want
}

// stretch is a part of time, in UTC.
type stretch struct{ from, till time.Time }

func (s stretch) overlaps(other stretch) bool {
	return s.from.Before(other.till) && other.from.Before(s.till)
}

// want says that a question is answered by a stretch of a scan.
type want struct {
	query   int
	stretch stretch
}

// plan says how questions are answered with as few scans as possible: every one costs the engine some milliseconds however
// few rows it has.
func plan(questions []reports.GroupQuery) []*scan {
	var scans []*scan
	for i := range questions {
		q := &questions[i]
		for _, seg := range cover(q) {
			own := stretch{seg.from, seg.till}
			at := slices.IndexFunc(scans, func(s *scan) bool { return s.suits(q, seg.table, own) })
			if at < 0 {
				at = len(scans)
				scans = append(scans, &scan{table: seg.table, like: q, tenants: []string{q.Tenant}})
			}
			scans[at].add(i, q, own)
		}
	}
	return scans
}

// suits reports whether a question can be answered on the way. One of another tenant can: rows are told apart by whose they are.
func (s *scan) suits(q *reports.GroupQuery, t table, own stretch) bool {
	same := s.table.name == t.name && s.table.grain == t.grain && s.like.Side == q.Side && (s.like.Tenant == "") == (q.Tenant == "") && s.like.Branch == q.Branch &&
		s.like.Brief == q.Brief && s.like.Filter.String() == q.Filter.String() && s.like.Zone.String() == q.Zone.String()
	if q.Branch != "" {
		same = same && s.like.Tenant == q.Tenant // Branches of two tenants may have one name.
	}
	return same && !slices.ContainsFunc(s.stretches, func(other stretch) bool { return other != own && own.overlaps(other) })
}

// shared reports whether rows of several tenants are looked at, which are told apart.
func (s *scan) shared() bool { return len(s.tenants) > 1 }

func (s *scan) add(query int, q *reports.GroupQuery, own stretch) {
	if !slices.Contains(s.tenants, q.Tenant) {
		s.tenants = append(s.tenants, q.Tenant)
	}
	if !slices.Contains(s.stretches, own) {
		s.stretches = append(s.stretches, own)
		slices.SortFunc(s.stretches, func(a, b stretch) int { return a.from.Compare(b.from) })
	}
	for _, d := range q.By {
		if !slices.Contains(s.dims, d) {
			s.dims = append(s.dims, d)
		}
	}
	s.wants = append(s.wants, want{query, own})
}

// mask is how the engine's grouping() tells the rows of a question from those of others: a bit for each column that it does
// not group by, that of the last column being the lowest.
func (s *scan) mask(by []reports.Dimension) (mask uint64) {
	for _, d := range s.dims {
		mask <<= 1
		if !slices.Contains(by, d) {
			mask |= 1
		}
	}
	return mask
}

// sets are the different groupings, in the order in which they were asked for.
func (s *scan) sets(questions []reports.GroupQuery) [][]reports.Dimension {
	var sets [][]reports.Dimension
	for _, w := range s.wants {
		by := questions[w.query].By
		if !slices.ContainsFunc(sets, func(set []reports.Dimension) bool { return s.mask(set) == s.mask(by) }) {
			sets = append(sets, by)
		}
	}
	return sets
}

// limit bounds the rows: an answer that has so many was cut off.
func (s *scan) limit(questions []reports.GroupQuery) int {
	n := 1
	for _, w := range s.wants {
		n += questions[w.query].Limit
	}
	return n
}

// sql writes the query. Its number stands in every row, for all scans together are one statement.
func (s *scan) sql(number int, questions []reports.GroupQuery) (query string, args []any, err error) {
	c := &condition{}
	stretched := s.stretched(c)
	keys := make([]string, 0, len(s.dims))
	for i, d := range s.dims {
		key, zoned := keyOf(d, s.table)
		keys = append(keys, key+" AS k"+strconv.Itoa(i))
		if zoned {
			c.args = append(c.args, s.like.Zone.String())
		}
	}
	kind := "ingress"
	if s.like.Side == reports.Attempts {
		kind = "egress"
	}
	c.args = append(c.args, kind)
	if only := s.table.only(); only != "" {
		c.terms = append(c.terms, only)
	}
	s.times(c)
	owner := "''"
	if s.shared() {
		owner = "toString(" + s.table.name + ".tenant)"
		c.add(s.table.name+".tenant IN (?)", s.tenants)
	} else {
		c.text(s.table.name+".tenant = ?", s.like.Tenant)
	}
	c.text(s.table.name+".branch = ?", s.like.Branch)
	if err := c.where(s.like.Filter, s.table.name); err != nil {
		return "", nil, err
	}
	cost := "cost_currency"
	if s.like.Brief {
		cost = "'' AS cost_currency"
		c.add(s.table.name+".kind = ?", kind)
	}
	masked, grouped := s.grouped(s.sets(questions))
	c.args = append(c.args, s.limit(questions))
	return "SELECT toUInt8(" + strconv.Itoa(number) + ") AS scan, " + stretched + " AS stretch, " + owner + " AS owner, " + masked + " AS mask, CAST([" + strings.Join(keys, ", ") +
		"] AS Array(String)) AS keys, sale_currency, " + cost + ",\n    " + withSide(s.sums(), s.table.name) +
		"\nFROM " + s.table.name + " WHERE " + c.String() + "\nGROUP BY " + grouped + " LIMIT ?", c.args, nil
}

// sums are what is added up: from the records, or from sums of them.
func (s *scan) sums() string {
	records := s.table.name == recordsTable().name
	switch {
	case records && s.like.Brief:
		return briefRecords
	case records:
		return recordSums
	case s.like.Brief:
		return briefKept
	}
	return keptSums
}

// stretched tells the stretches of the rows apart; all are in one.
func (s *scan) stretched(c *condition) string {
	if len(s.stretches) == 1 {
		return "toUInt8(0)"
	}
	var b strings.Builder
	b.WriteString("toUInt8(multiIf(")
	for i, one := range s.stretches[:len(s.stretches)-1] {
		term, value := s.table.moment("<", one.till)
		b.WriteString(term + ", " + strconv.Itoa(i) + ", ")
		c.args = append(c.args, value)
	}
	return b.String() + strconv.Itoa(len(s.stretches)-1) + "))"
}

// times bounds the rows to the stretches.
func (s *scan) times(c *condition) {
	terms := make([]string, len(s.stretches))
	for i, one := range s.stretches {
		from, since := s.table.moment(">=", one.from)
		till, until := s.table.moment("<", one.till)
		terms[i] = from + " AND " + till
		c.args = append(c.args, since, until)
	}
	all := strings.Join(terms, " OR ")
	if len(terms) > 1 {
		all = "(" + all + ")"
	}
	c.terms = append(c.terms, all)
}

// moment compares the column of time of a table.
func (t table) moment(operator string, at time.Time) (term string, value any) {
	return t.time + " " + operator + " toDateTime(?, 'UTC')", at.Unix()
}

// grouped writes what tells the sets apart, and the sets.
func (s *scan) grouped(sets [][]reports.Dimension) (masked, grouped string) {
	all := make([]string, len(s.dims))
	for i := range s.dims {
		all[i] = "k" + strconv.Itoa(i)
	}
	list := make([]string, 0, len(sets))
	for _, set := range sets {
		columns := make([]string, 0, len(all)+4)
		if len(s.stretches) > 1 {
			columns = append(columns, "stretch")
		}
		if s.shared() {
			columns = append(columns, "owner")
		}
		for i, d := range s.dims {
			if slices.Contains(set, d) {
				columns = append(columns, all[i])
			}
		}
		columns = append(columns, "sale_currency")
		if !s.like.Brief {
			columns = append(columns, "cost_currency")
		}
		list = append(list, strings.Join(columns, ", "))
	}
	if len(sets) == 1 {
		return "toUInt64(0)", list[0]
	}
	return "grouping(" + strings.Join(all, ", ") + ")", "GROUPING SETS ((" + strings.Join(list, "), (") + "))"
}
