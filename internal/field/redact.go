package field

import (
	"fmt"
	"reflect"
)

// Rules say what of each class somebody sees.
type Rules struct {
	// See reports whether a field is shown at all. It is not asked about Personal and Mentions.
	See func(Access) bool
	// Mask changes the number or the text of a field with Personal or Mentions; nil: both are shown as they are.
	Mask func(Guard, reflect.Value)
}

// Redactor takes out of values of a type what somebody does not see. It is immutable, and made once for many values.
type Redactor[T any] struct {
	cuts *cuts
	mask func(Guard, reflect.Value)
}

// cuts are what is done to the fields of one struct.
type cuts struct {
	list []cut
}

type cut struct {
	index int
	clear bool
	mask  []Guard
	inner *cuts // Of the structs that the field leads to.
}

// NewRedactor reads the tags of a type. A tag that cannot be read, or a field of a classified struct without one, is an ErrTag.
func NewRedactor[T any](r Rules) (Redactor[T], error) {
	c, err := cutsOf(element(reflect.TypeFor[T]()), r, make(map[reflect.Type]*cuts))
	return Redactor[T]{c, r.Mask}, err
}

func cutsOf(t reflect.Type, r Rules, known map[reflect.Type]*cuts) (*cuts, error) {
	if c, ok := known[t]; ok {
		return c, nil
	}
	c := &cuts{}
	known[t] = c
	for f := range t.Fields() {
		if !f.IsExported() && !f.Anonymous { // Fields of what is embedded are shown, whatever its name is.
			continue
		}
		one, err := cutOf(f, r, known)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.Name(), f.Name, err)
		}
		if one.clear || one.inner != nil || len(one.mask) > 0 {
			c.list = append(c.list, one)
		}
	}
	return c, nil
}

func cutOf(f reflect.StructField, r Rules, known map[reflect.Type]*cuts) (one cut, err error) {
	one.index = f.Index[0]
	inner := element(f.Type)
	if !f.Anonymous {
		a, err := Of(f)
		if err != nil {
			return one, err
		}
		one.clear = !r.See(a)
		for _, g := range []Guard{Personal, Mentions} {
			if a.Has(g) && r.Mask != nil {
				one.mask = append(one.mask, g)
			}
		}
	}
	if !one.clear && classified(inner) {
		one.inner, err = cutsOf(inner, r, known)
	}
	return one, err
}

// Redact takes out of a value what is not shown, in place. What its lists and pointers lead to is changed as well: it is the caller's own.
func (r Redactor[T]) Redact(v *T) { r.cuts.apply(reflect.ValueOf(v), r.mask) }

func (c *cuts) apply(v reflect.Value, mask func(Guard, reflect.Value)) {
	if c == nil || len(c.list) == 0 {
		return
	}
	switch v.Kind() { //nolint:exhaustive // Nothing else leads to a struct.
	case reflect.Pointer:
		if !v.IsNil() {
			c.apply(v.Elem(), mask)
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.apply(v.Index(i), mask)
		}
	case reflect.Struct:
		for _, one := range c.list {
			one.apply(v.Field(one.index), mask)
		}
	default:
	}
}

func (c cut) apply(v reflect.Value, mask func(Guard, reflect.Value)) {
	if c.clear {
		v.SetZero()
		return
	}
	for _, g := range c.mask {
		mask(g, v)
	}
	c.inner.apply(v, mask)
}
