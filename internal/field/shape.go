package field

import (
	"fmt"
	"reflect"
	"strings"
)

// Document is a struct as it is stored and sent: a tree of maps, lists, strings, numbers and booleans.
type Document = map[string]any

// Shape says what stands in the documents of a type. It is immutable.
type Shape struct {
	fields map[string]*Node
}

// Node is one field of a document.
type Node struct {
	Access
	Name  string
	Inner *Shape // Of what stands in it; nil: it is a leaf.
}

// ShapeOf reads the shape of a type's documents from the names of one tag, yaml or json. A field with a name and without a tag of access is an
// ErrTag, so that nothing is shown because nobody thought of it. Fields without a name stand in no document.
func ShapeOf(t reflect.Type, names string) (*Shape, error) {
	return shapeOf(element(t), names, make(map[reflect.Type]*Shape))
}

func shapeOf(t reflect.Type, names string, known map[reflect.Type]*Shape) (*Shape, error) {
	if s, ok := known[t]; ok {
		return s, nil
	}
	s := &Shape{make(map[string]*Node)}
	known[t] = s
	return s, s.read(t, names, known)
}

func (s *Shape) read(t reflect.Type, names string, known map[reflect.Type]*Shape) error {
	for f := range t.Fields() {
		name, options, tagged := strings.Cut(f.Tag.Get(names), ",")
		if (tagged && strings.Contains(options, "inline")) || (f.Anonymous && name == "") {
			if err := s.read(element(f.Type), names, known); err != nil {
				return err
			}
			continue
		}
		if name == "" || name == "-" {
			continue
		}
		a, err := Of(f)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", t.Name(), f.Name, err)
		}
		n := &Node{Access: a, Name: name}
		if inner := element(f.Type); classified(inner) {
			if n.Inner, err = shapeOf(inner, names, known); err != nil {
				return err
			}
		}
		s.fields[name] = n
	}
	return nil
}

// Field returns a field by its name in documents; nil: there is none.
func (s *Shape) Field(name string) *Node {
	if s == nil {
		return nil
	}
	return s.fields[name]
}

// Within returns the shape of what stands in a field, by a way of names; nil: there is none.
func (s *Shape) Within(way ...string) *Shape {
	for _, name := range way {
		n := s.Field(name)
		if n == nil {
			return nil
		}
		s = n.Inner
	}
	return s
}

// Path reports whether let lets all fields pass on the way to a place such as "branches[berlin].extensions[101].tariff".
func (s *Shape) Path(path string, let func(Access) bool) bool {
	for path != "" {
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			end = len(path)
		}
		n := s.Field(path[:end])
		if n == nil || !let(n.Access) {
			return false
		}
		s, path = n.Inner, path[end:]
		for strings.HasPrefix(path, "[") { // An id, which may have dots in it.
			_, path, _ = strings.Cut(path, "]")
		}
		path = strings.TrimPrefix(path, ".")
	}
	return true
}

// Filter returns a copy of a document with only the fields that let lets pass. What the shape does not know is left out.
func (s *Shape) Filter(v any, let func(Access) bool) any {
	switch v := v.(type) {
	case Document:
		out := make(Document, len(v))
		for name, inner := range v {
			n := s.Field(name)
			switch {
			case n == nil || !let(n.Access):
			case n.Inner == nil:
				out[name] = Clone(inner)
			default:
				out[name] = n.Inner.Filter(inner, let)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = s.Filter(inner, let)
		}
		return out
	}
	return v
}

// Clone returns a copy of a tree that shares nothing with it.
func Clone(v any) any {
	switch v := v.(type) {
	case Document:
		out := make(Document, len(v))
		for name, inner := range v {
			out[name] = Clone(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = Clone(inner)
		}
		return out
	}
	return v
}

// Names returns the names of all fields, however deep, that a guard stands before.
func (s *Shape) Names(g Guard) map[string]bool {
	out := make(map[string]bool)
	seen := make(map[*Shape]bool)
	var walk func(*Shape)
	walk = func(s *Shape) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		for name, n := range s.fields {
			if n.Has(g) {
				out[name] = true
			}
			walk(n.Inner)
		}
	}
	walk(s)
	return out
}
