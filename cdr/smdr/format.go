package smdr

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"time"

	"trunkline/internal/calls"
)

// Format reads the records of one kind of system. It is immutable and safe for concurrent use.
type Format struct {
	description *Description
	cutter      newCutter
	begins      matchers
	ends        matchers
	skip        matchers
	dates       []headerDate
	has         [fieldCount]bool
	forms       [fieldCount]form
	duration    span
	total       span
	ring        span
	stamp       stampKind
	direction   calls.Direction
	rules       []rule
	join        *joinRule
	events      *eventRule
}

// stampKind says what the time in a record is.
type stampKind uint8

const (
	stampStart stampKind = iota
	stampAnswer
	stampEnd
)

func parseStamp(word string) (stampKind, error) {
	switch word {
	case "", "start":
		return stampStart, nil
	case "answer":
		return stampAnswer, nil
	case "end":
		return stampEnd, nil
	}
	return 0, fmt.Errorf("%w: stamp is %q: use start, answer or end", ErrDescription, word)
}

// headerDate is a compiled HeaderDate.
type headerDate struct {
	line  matcher
	shape string
	form  form
}

// joinRule is a compiled JoinSpec.
type joinRule struct {
	by       []field
	legs     []field
	last     conditions
	marked   bool
	whole    bool
	same     bool // Parts that leave the house belong to the same call.
	answerer string
	within   time.Duration
}

// eventRule is a compiled EventSpec.
type eventRule struct {
	by                 []field
	start, answer, end matchers
}

// Read reads a description and compiles it.
func Read(r io.Reader) (*Format, error) {
	d, err := ReadDescription(r)
	if err != nil {
		return nil, err
	}
	return Compile(d)
}

// Compile checks a description and makes a format of it. The errors name the key that is wrong.
func Compile(d *Description) (*Format, error) {
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`).MatchString(d.Name) {
		return nil, fmt.Errorf("%w: name is %q: use lower-case letters, digits, '-', '_' and '.'", ErrDescription, d.Name)
	}
	f := &Format{description: d, skip: newMatchers(d.Skip), begins: newMatchers(d.Layout.Begins), ends: newMatchers(d.Layout.Ends)}
	steps := []func() error{
		d.Proof.check,
		func() (err error) { f.cutter, err = compileLayout(d); return err },
		func() (err error) { f.rules, err = compileRules(d.Rules); return err },
		func() (err error) { f.stamp, err = parseStamp(d.Stamp); return err },
		f.compileForms, f.compileDates, f.compileJoin, f.compileEvents, f.compileDirection, f.check,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, fmt.Errorf("format %s: %w", d.Name, err)
		}
	}
	return f, nil
}

func (f *Format) compileDirection() error {
	if w := f.description.Default; w != "" {
		var err error
		if f.direction, err = calls.ParseDirection(w); err != nil {
			return fmt.Errorf("%w: %q is no direction", ErrDescription, w)
		}
	}
	return nil
}

func (f *Format) compileForms() error {
	d := f.description
	for name := range d.Fields {
		if id, ok := fieldOf(name); ok {
			f.has[id] = true
		}
	}
	if d.Layout.Kind == "pattern" {
		for _, name := range regexp.MustCompile(d.Layout.Pattern).SubexpNames() {
			if id, ok := fieldOf(name); ok {
				f.has[id] = true
			}
		}
	}
	for _, name := range sortedKeys(d.Forms) {
		id, ok := fieldOf(name)
		text := d.Forms[name]
		var err error
		switch {
		case !ok:
			err = fmt.Errorf("%w: there is no field", ErrDescription)
		case id == fDuration:
			f.duration, err = newSpan(text)
		case id == fTotal:
			f.total, err = newSpan(text)
		case id == fRing:
			f.ring, err = newSpan(text)
		default:
			f.forms[id], err = newForm(text)
		}
		if err != nil {
			return fmt.Errorf("forms.%s: %w", name, err)
		}
	}
	return nil
}

func (f *Format) compileDates() error {
	for i, h := range f.description.Dates {
		form, err := newForm(h.Form)
		if err != nil || h.Shape == "" {
			return fmt.Errorf("%w: dates[%d] needs a line, a shape and a form", ErrDescription, i)
		}
		f.dates = append(f.dates, headerDate{newMatcher(h.Line), h.Shape, form})
	}
	return nil
}

func (f *Format) compileJoin() error {
	spec := f.description.Join
	if spec == nil {
		return nil
	}
	by, err := fieldsOf(spec.By)
	if err != nil {
		return fmt.Errorf("join.by: %w", err)
	}
	last, err := compileConditions(spec.Last)
	if err != nil {
		return fmt.Errorf("join.last: %w", err)
	}
	f.join = &joinRule{by: by, last: last, marked: spec.Marked, whole: spec.Whole, within: spec.Within, answerer: spec.Answerer}
	if len(spec.Legs) > 0 {
		if f.join.legs, err = fieldsOf(spec.Legs); err != nil {
			return fmt.Errorf("join.legs: %w", err)
		}
	}
	switch spec.Outside {
	case "", "own_part":
	case "same":
		f.join.same = true
	default:
		return fmt.Errorf("%w: join.outside is %q: use own_part or same", ErrDescription, spec.Outside)
	}
	if a := spec.Answerer; a != "" && a != "first" && a != "last" {
		return fmt.Errorf("%w: join.answerer is %q: use first or last", ErrDescription, a)
	}
	return nil
}

func (f *Format) compileEvents() error {
	spec := f.description.Events
	if spec == nil {
		return nil
	}
	by, err := fieldsOf(spec.By)
	if err != nil {
		return fmt.Errorf("events.by: %w", err)
	}
	if len(spec.Start) == 0 || len(spec.End) == 0 {
		return fmt.Errorf("%w: events need start and end", ErrDescription)
	}
	f.events = &eventRule{by, newMatchers(spec.Start), newMatchers(spec.Answer), newMatchers(spec.End)}
	return nil
}

func fieldsOf(names []string) ([]field, error) {
	out := make([]field, 0, len(names))
	for _, n := range names {
		id, ok := fieldOf(n)
		if !ok {
			return nil, fmt.Errorf("%w: there is no field %q", ErrDescription, n)
		}
		out = append(out, id)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: no fields", ErrDescription)
	}
	return out, nil
}

// check makes sure that the times of calls can be told.
func (f *Format) check() error {
	timed := false
	for _, id := range []field{fDate, fTime, fStart, fAnswer, fEnd} {
		if !f.has[id] {
			continue
		}
		if len(f.forms[id]) == 0 {
			return fmt.Errorf("%w: forms.%s is missing", ErrDescription, fieldNames()[id])
		}
		timed = timed || id != fDate
	}
	if !timed {
		return fmt.Errorf("%w: there is no field time, start, answer or end", ErrDescription)
	}
	if !f.has[fDuration] && !f.has[fEnd] && f.events == nil {
		return fmt.Errorf("%w: there is no field duration or end", ErrDescription)
	}
	if l := &f.description.Layout; l.Lines > 4 && l.Kind == "fixed" || l.Lines > maxLines {
		return fmt.Errorf("%w: a record has at most 4 lines, or %d where columns do not matter", ErrDescription, maxLines)
	}
	return nil
}

// loose reports whether the layout fits more than the records it is for: what stands in columns fits better.
func (f *Format) loose() bool {
	return f.description.Layout.Kind == "pattern" || f.description.Layout.Kind == "words"
}

// Name is the format's name, the source of its calls.
func (f *Format) Name() string { return f.description.Name }

// Description returns what the format was made of; it must not be changed.
func (f *Format) Description() *Description { return f.description }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
