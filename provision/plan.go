package provision

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Action is what becomes of an object.
type Action string

// The actions.
const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
	Keep   Action = "keep" // It is not in the file, and deleting was not asked for.
)

// Change is what applying a file would do to one object.
type Change struct {
	Action Action
	Kind   Kind
	ID     string
	Fields []FieldChange // Of an update.

	after Object
}

// FieldChange is one field of an update; secrets are masked.
type FieldChange struct {
	Path   string
	Before string
	After  string
}

// Changes is what is to be stored, computed against one state of the store.
type Changes struct {
	List  []Change
	Put   []Object
	Drop  []Object          // Kind and ID only.
	Files map[string][]byte // New or changed.

	Withdraw []Withdrawal // Versions of prices that are taken back before they begin.
	Applied  Applied      // What an operator's file said that is applied; nil: none is.
}

// Empty reports whether nothing changes.
func (c *Changes) Empty() bool {
	return len(c.Put) == 0 && len(c.Drop) == 0 && len(c.Files) == 0 && len(c.Withdraw) == 0
}

// Plan compares the wanted bundle with the current state. Without prune, what the wanted one does not have is kept.
// The bundle that results from the changes is returned with them, for checking as a whole.
func Plan(current []Object, files map[string][]byte, wanted *Bundle, prune bool) (*Changes, *Bundle, error) {
	next, err := wanted.Objects()
	if err != nil {
		return nil, nil, err
	}
	out := &Changes{Files: make(map[string][]byte)}
	before := make(map[[2]string]Object, len(current))
	for _, o := range current {
		before[[2]string{string(o.Kind), o.ID}] = o
	}
	merged, hidden := slices.Clone(next), secrets()
	for _, o := range next {
		key := [2]string{string(o.Kind), o.ID}
		old, existed := before[key]
		delete(before, key)
		switch {
		case !existed:
			out.put(Change{Action: Create, Kind: o.Kind, ID: o.ID, after: o})
		case old.Spec != o.Spec:
			out.put(Change{Action: Update, Kind: o.Kind, ID: o.ID, Fields: fieldChanges(old.Spec, o.Spec, hidden), after: o})
		}
	}
	out.leftOver(before, prune, &merged)
	allFiles := maps.Clone(wanted.Files)
	for name, data := range files {
		if _, ok := allFiles[name]; !ok {
			allFiles[name] = data
		}
	}
	for name, data := range wanted.Files {
		if old, ok := files[name]; !ok || !bytes.Equal(old, data) {
			out.Files[name] = data
		}
	}
	result, err := NewBundle(merged, allFiles)
	if err != nil {
		return nil, nil, err
	}
	result.source, result.node = wanted.source, wanted.node
	return out, result, nil
}

func (c *Changes) put(change Change) {
	c.List = append(c.List, change)
	c.Put = append(c.Put, change.after)
}

// leftOver decides about what the file does not have.
func (c *Changes) leftOver(rest map[[2]string]Object, prune bool, merged *[]Object) {
	left := slices.SortedFunc(maps.Values(rest), func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	for _, o := range left {
		if prune && o.Kind != KindSettings {
			c.List = append(c.List, Change{Action: Delete, Kind: o.Kind, ID: o.ID})
			c.Drop = append(c.Drop, Object{Kind: o.Kind, ID: o.ID})
			continue
		}
		c.List = append(c.List, Change{Action: Keep, Kind: o.Kind, ID: o.ID})
		*merged = append(*merged, o)
	}
}

// Differences compares two stored documents field by field; secrets are masked. What is no document has no fields.
func Differences(before, after string) []FieldChange { return fieldChanges(before, after, secrets()) }

// fieldChanges compares two documents field by field.
func fieldChanges(before, after string, secrets map[string]bool) []FieldChange {
	old, now := flatten(before), flatten(after)
	paths := slices.Sorted(maps.Keys(now))
	for p := range old {
		if _, ok := now[p]; !ok {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	var out []FieldChange
	for _, p := range paths {
		if old[p] != now[p] {
			out = append(out, FieldChange{p, masked(p, old[p], secrets), masked(p, now[p], secrets)})
		}
	}
	return out
}

// flatten turns a document into paths and values. Elements of lists are named by their id where they have one, so
// that an insertion does not look like a change of all that follow.
func flatten(doc string) map[string]string {
	var node yaml.Node
	out := make(map[string]string)
	if yaml.Unmarshal([]byte(doc), &node) != nil || len(node.Content) == 0 {
		return out
	}
	flattenNode(out, "", node.Content[0])
	return out
}

func flattenNode(out map[string]string, path string, n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			flattenNode(out, strings.TrimPrefix(path+"."+n.Content[i].Value, "."), n.Content[i+1])
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			name := strconv.Itoa(i)
			if id := child(item, "id"); id != nil {
				name = id.Value
			}
			flattenNode(out, path+"["+name+"]", item)
		}
	case yaml.ScalarNode:
		out[path] = n.Value
	case yaml.DocumentNode, yaml.AliasNode:
	}
}
