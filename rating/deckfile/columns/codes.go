package columns

import (
	"fmt"
	"strings"

	"trunkline/rating/deckfile/cell"
	"trunkline/rating/deckfile/heading"
)

// codes finds what the codes are made of: whole ones, a country code and an area code, a range, or NPA and NXX.
func (r *resolver) codes() {
	r.codeColumns()
	r.moreCodes()
}

func (r *resolver) codeColumns() {
	if _, said := r.m.Columns[Prefix]; said {
		r.northAmerica(Prefix)
		return
	}
	if r.codeRange() || r.npaAndNXX() {
		return
	}
	country, hasCountry := r.pick("country_code", Prefix, false)
	area, hasArea := r.pick("area", Area, true)
	code, hasCode := r.pick("prefix", Prefix, true)
	switch {
	case hasCode && hasCountry && code != country:
		r.codeBeside(country, code)
	case hasCode:
		r.take(Prefix, code)
	case hasArea && hasCountry:
		r.codeBeside(country, area)
	case hasArea && !r.asked(Prefix):
		r.areaAlone(area)
	case hasCountry && !r.asked(Prefix) && !r.asked(Area):
		r.take(Prefix, country)
	}
	r.northAmerica(Prefix)
}

// areaAlone asks for the country of area codes that stand alone: 201 is New Jersey and Egypt.
func (r *resolver) areaAlone(area int) {
	r.take(Prefix, area)
	l := r.hints.Learned
	if r.answers.CountryCode != "" || l != nil && (l.CountryCode != "" || l.Headings[Prefix] == heading.Normal(r.columns[area].heading)) {
		return
	}
	name := r.columns[area].heading
	r.questions = append(r.questions, Question{
		About: "country_code", Choices: []int{area}, Flag: fmt.Sprintf("--country-code 1 for codes of North America, or --column prefix=%q if they have the country code", name),
		Text: fmt.Sprintf("column %d %q has codes of areas (%s), and no column has those of countries: of which country are they?", area+1, name, strings.Join(r.columns[area].profile.samples, ", ")),
	})
}

func (r *resolver) asked(c Column) bool {
	for _, q := range r.questions {
		if q.About == string(c) {
			return true
		}
	}
	return false
}

// codeRange reads a pair of columns such as "Code From" and "Code To".
func (r *resolver) codeRange() bool {
	from, ok1 := r.pick("code_from", Prefix, false)
	to, ok2 := r.pick("code_to", CodeTo, false)
	if !ok1 && !ok2 && len(r.candidates("prefix")) == 0 && len(r.candidates("country_code")) == 0 && len(r.candidates("area")) == 0 { // "From" and "To" alone.
		from, to = r.meant("code_from"), r.meant("code_to")
		ok1, ok2 = from >= 0, to >= 0
	}
	if !ok1 || !ok2 || from == to {
		return false
	}
	r.take(Prefix, from)
	r.take(CodeTo, to)
	return true
}

// meant is the first free column that may mean something, even if it more likely means something else; -1: none.
func (r *resolver) meant(kind string) int {
	for i := range r.columns {
		if c := &r.columns[i]; c.used == "" && !c.ignored && r.scoreOf(i, kind) > 0 && c.profile.integers == c.profile.filled && c.profile.filled > 0 {
			return i
		}
	}
	return -1
}

func (r *resolver) npaAndNXX() bool {
	npa, ok := r.pick("npa", Prefix, false)
	if !ok {
		return false
	}
	r.take(Prefix, npa)
	if nxx, ok := r.pick("nxx", Area, false); ok {
		r.take(Area, nxx)
	}
	r.m.CountryCode = "1"
	return true
}

// codeBeside tells whether codes beside a country code are whole ones or only what follows it.
func (r *resolver) codeBeside(country, code int) {
	whole, part := 0, 0
	for _, row := range r.body {
		cc := strings.TrimLeft(at(row, country), "+0")
		text := at(row, code)
		if cc == "" || text == "" {
			continue
		}
		all := true
		for _, one := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '|' || r == '/' || r == '\n' || cell.IsSpace(r) }) {
			all = all && strings.HasPrefix(strings.TrimLeft(one, "+0"), cc)
		}
		if all {
			whole++
		} else {
			part++
		}
	}
	switch {
	case part == 0 && whole > 0:
		r.take(Prefix, code)
		r.columns[country].why = "the codes in column " + r.name(code) + " have it already"
	case whole*5 <= part || r.columns[code].meanings[0].Kind == "area" && whole <= part:
		r.take(Prefix, country)
		r.take(Area, code)
	default:
		r.ask(Area, []int{code}, "are the codes in column "+r.name(code)+" to be put behind the country code in column "+r.name(country)+", or are they whole?"+
			" Some begin with it, others do not: say --column area for the one, --column prefix for the other")
	}
}

func at(row []string, position int) string {
	if position < len(row) {
		return cell.Trim(row[position])
	}
	return ""
}

func (r *resolver) name(at int) string {
	if r.columns[at].heading == "" {
		return "without a heading"
	}
	return `"` + r.columns[at].heading + `"`
}

// northAmerica sees that codes are NPA and NXX without the country code 1, which a list of that continent leaves out.
func (r *resolver) northAmerica(c Column) {
	at, ok := r.m.Columns[c]
	if !ok || r.m.CountryCode != "" || r.answers.CountryCode != "" {
		return
	}
	p := &r.columns[at].profile
	named := r.columns[at].attributes.NorthernUS
	for i := range r.columns {
		for _, m := range r.columns[i].meanings {
			named = named || m.Variant == "interstate" || m.Variant == "intrastate"
		}
	}
	if named && p.filled > 0 && p.npanxx == p.filled {
		r.m.CountryCode = "1"
	}
}
