package console

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"trunkline/access"
	"trunkline/internal/field"
)

// Document is a provisioned object as a tree of JSON: maps, lists, strings, numbers, booleans.
type Document = map[string]any

// readDocument reads the stored text of an object.
func readDocument(spec string) (Document, error) {
	d := Document{}
	if err := yaml.Unmarshal([]byte(spec), &d); err != nil {
		return nil, fmt.Errorf("stored document: %w", err)
	}
	return d, nil
}

// ParseDocument reads a JSON document that somebody sent.
func ParseDocument(text []byte) (Document, error) {
	d := Document{}
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, invalid("the body is no JSON object: %s", err)
	}
	// The other reader keeps whole numbers whole.
	d = Document{}
	if err := yaml.Unmarshal(text, &d); err != nil {
		return nil, invalid("the body is no JSON object: %s", err)
	}
	return d, nil
}

// tagOf is the entity tag of a document: it changes when anything of it does.
func tagOf(v any) string {
	text, err := json.Marshal(v) // Maps are written in the order of their keys.
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// keepHidden gives what was sent without a field that whoever sent it cannot see the one that is stored: a document that was read can be sent
// back. Who gets another login needs a new password: the stored hash is made of the former one.
func keepHidden(who *access.Principal, shape *field.Shape, sent, stored any) {
	switch sent := sent.(type) {
	case Document:
		if old, ok := stored.(Document); ok {
			keepFields(who, shape, sent, old)
		}
	case []any:
		old, _ := stored.([]any)
		for _, inner := range sent {
			keepHidden(who, shape, inner, sameAs(old, inner))
		}
	}
}

func keepFields(who *access.Principal, shape *field.Shape, sent, old Document) {
	renewed := sent["password"] != nil || sent["login"] != nil && old["login"] != nil && sent["login"] != old["login"]
	for name, value := range old {
		n := shape.Field(name)
		_, there := sent[name]
		switch {
		case n == nil || seesField(who, n.Access):
		case n.Has(field.Secret) && !renewed, !n.Has(field.Secret) && !there:
			sent[name] = field.Clone(value)
		}
	}
	for name, inner := range sent {
		if n := shape.Field(name); n != nil && n.Inner != nil {
			keepHidden(who, n.Inner, inner, old[name])
		}
	}
}

// sameAs finds the element of a list that has the same id.
func sameAs(list []any, wanted any) any {
	id := identity(wanted)
	i := slices.IndexFunc(list, func(v any) bool { return id != "" && identity(v) == id })
	if i < 0 {
		return nil
	}
	return list[i]
}

// identity is what an element of a list is known by.
func identity(v any) string {
	d, ok := v.(Document)
	if !ok {
		return ""
	}
	for _, name := range []string{"id", "number"} {
		if id, ok := d[name]; ok {
			return fmt.Sprint(id)
		}
	}
	return ""
}

// shown is a document of a kind as far as it is somebody's to see.
func shown(who *access.Principal, shape *field.Shape, d Document) Document {
	out, _ := shape.Filter(d, func(a field.Access) bool { return seesField(who, a) }).(Document)
	if who.Branch != "" {
		keepBranch(out, who.Branch)
	}
	return out
}

// keepBranch leaves only one branch of a tenant and what belongs to it.
func keepBranch(d Document, branch string) {
	delete(d, "account")
	delete(d, "limits")
	keep := func(list, field string) {
		all, ok := d[list].([]any)
		if !ok {
			return
		}
		d[list] = slices.DeleteFunc(all, func(v any) bool {
			one, ok := v.(Document)
			return !ok || one[field] != branch
		})
	}
	keep("branches", "id")
	keep("numbers", "branch")
	delete(d, "groups")
}
