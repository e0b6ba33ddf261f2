package columns

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"trunkline/rating/deckfile/heading"
)

// nowhereSign says of a column that the list does not have it.
const nowhereSign = "-"

// takeAnswers takes the columns that somebody named, and leaves those out that are not to be used.
func (r *resolver) takeAnswers() error {
	r.nowhere = make(map[Column]bool)
	for _, text := range r.answers.Ignore {
		at, err := position(text, r.header.heads, len(r.columns))
		if err != nil {
			return err
		}
		r.columns[at].ignored, r.columns[at].why = true, "somebody said so"
		if name := heading.Normal(r.columns[at].heading); name != "" {
			r.m.Ignored = append(r.m.Ignored, name)
		}
	}
	r.own()
	for _, c := range slices.Sorted(maps.Keys(r.answers.Columns)) {
		if !c.Valid() {
			return fmt.Errorf("%w: there is no column %q: want one of %s", ErrMapping, c, joinColumns())
		}
		if err := r.takeAnswer(c, r.answers.Columns[c]); err != nil {
			return err
		}
	}
	return nil
}

// own takes a list in the form that Trunkline writes as it stands: its headings are the names of the columns.
func (r *resolver) own() {
	price := false
	for _, h := range r.header.heads {
		if !Column(h).Valid() {
			return
		}
		price = price || Column(h) == Rate
	}
	if !price || !slices.Contains(r.header.heads, string(Prefix)) {
		return
	}
	for i, h := range r.header.heads {
		if _, said := r.answers.Columns[Column(h)]; !said && !r.columns[i].ignored {
			r.take(Column(h), i)
		}
	}
}

func joinColumns() string {
	names := make([]string, 0, len(All()))
	for _, c := range All() {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

func (r *resolver) takeAnswer(c Column, text string) error {
	if text == nowhereSign || text == "" {
		r.nowhere[c] = true
		return nil
	}
	at, err := position(text, r.header.heads, len(r.columns))
	if err == nil {
		r.take(c, at)
		return nil
	}
	if c != Rate || !strings.Contains(text, "+") {
		return err
	}
	for i, part := range strings.Split(text, "+") {
		at, err := position(part, r.header.heads, len(r.columns))
		if err != nil {
			return err
		}
		if i == 0 {
			r.take(Rate, at)
			continue
		}
		r.columns[at].used = Rate
		r.m.Dearest = append(r.m.Dearest, at)
	}
	return nil
}

// takeLearned takes the columns by the headings under which they stood in the last list, and tells what is different. A new
// column that would be taken for one of them is a question.
func (r *resolver) takeLearned() {
	l := r.hints.Learned
	if l == nil || len(l.Headings) == 0 || r.header.heads == nil {
		return
	}
	r.differences(l)
	for _, c := range slices.Sorted(maps.Keys(l.Headings)) {
		if _, said := r.m.Columns[c]; said || r.nowhere[c] {
			continue
		}
		at := slices.IndexFunc(r.header.heads, func(h string) bool { return heading.Normal(h) == l.Headings[c] })
		switch {
		case at < 0:
			r.different = append(r.different, fmt.Sprintf("the column %q, which was the %s, is not there", l.Headings[c], says(c)))
		case r.columns[at].used == "" && !r.columns[at].ignored && !r.surer(c, at, l):
			r.take(c, at)
		}
	}
	for i := range r.columns {
		if name := heading.Normal(r.columns[i].heading); name != "" && slices.Contains(l.Ignored, name) && r.columns[i].used == "" {
			r.columns[i].ignored, r.columns[i].why = true, "it was not used in the last list"
			r.m.Ignored = append(r.m.Ignored, name)
		}
	}
	for _, at := range l.Dearest {
		r.takeDearest(l, at)
	}
}

func (r *resolver) takeDearest(l *Mapping, former int) {
	if former >= len(l.Heads) || len(r.m.Dearest) > 0 {
		return
	}
	at := slices.IndexFunc(r.header.heads, func(h string) bool { return heading.Normal(h) == heading.Normal(l.Heads[former]) })
	if at >= 0 && r.columns[at].used == "" {
		r.columns[at].used = Rate
		r.m.Dearest = append(r.m.Dearest, at)
	}
}

// differences tells which columns came and went.
func (r *resolver) differences(l *Mapping) {
	before, now := normals(l.Heads), normals(r.header.heads)
	for i, name := range now {
		if name != "" && !slices.Contains(before, name) {
			r.different = append(r.different, fmt.Sprintf("column %d %q is new", i+1, r.header.heads[i]))
		}
	}
	for i, name := range before {
		if name != "" && !slices.Contains(now, name) {
			r.different = append(r.different, fmt.Sprintf("the column %q of the last list is gone", l.Heads[i]))
		}
	}
	if len(r.different) == 0 && !slices.Equal(before, now) {
		r.different = append(r.different, "the columns stand in another order")
	}
}

func normals(heads []string) []string {
	out := make([]string, len(heads))
	for i, h := range heads {
		out[i] = heading.Normal(h)
	}
	return out
}

// surer asks where a column that the last list did not have says more clearly that it is what another one was read as.
func (r *resolver) surer(c Column, at int, l *Mapping) bool {
	mine := r.scoreOf(at, string(c))
	for i := range r.columns {
		o := &r.columns[i]
		if i == at || o.used != "" || o.ignored || o.heading == "" || slices.Contains(normals(l.Heads), heading.Normal(o.heading)) {
			continue
		}
		if s := r.scoreOf(i, string(c)); s > 0 && s >= mine-closeScore && !o.profile.same(&r.columns[at].profile) {
			r.ask(c, []int{at, i}, fmt.Sprintf("the %s stood under %q in the last list, and now there is %q, too: which is it?", says(c), r.columns[at].heading, o.heading))
			r.nowhere[c] = true
			return true
		}
	}
	return false
}

func (r *resolver) scoreOf(at int, kind string) int {
	for _, m := range r.columns[at].meanings {
		if m.Kind == kind && m.Variant == "" {
			return m.Score
		}
	}
	return 0
}
