package console

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"trunkline/access"
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

func secretField(name string) bool {
	return name == "password" || strings.HasPrefix(name, "ha1_") || name == "secret"
}

// withoutSecrets returns a copy of a tree without what proves who somebody is.
func withoutSecrets(v any) any {
	return filtered(v, func(name string) bool { return !secretField(name) })
}

// filtered returns a copy of a tree with only the fields that are let through.
func filtered(v any, let func(name string) bool) any {
	switch v := v.(type) {
	case Document:
		out := make(Document, len(v))
		for name, inner := range v {
			if let(name) {
				out[name] = filtered(inner, let)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = filtered(inner, let)
		}
		return out
	}
	return v
}

// keepSecrets gives what was sent without a password the one that is stored. Who gets another login needs a new password:
// the stored hash is made of the former one.
func keepSecrets(sent, stored any) {
	switch sent := sent.(type) {
	case Document:
		old, ok := stored.(Document)
		if !ok || sent["login"] != nil && old["login"] != nil && sent["login"] != old["login"] {
			return
		}
		if sent["password"] == nil {
			for name, value := range old {
				if secretField(name) {
					sent[name] = value
				}
			}
		}
		for name, inner := range sent {
			keepSecrets(inner, old[name])
		}
	case []any:
		old, _ := stored.([]any)
		for _, inner := range sent {
			keepSecrets(inner, sameAs(old, inner))
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

// priced are the fields that tell of prices.
func priced(name string) bool { return slices.Contains(pricedFields(), name) }

func pricedFields() []string {
	return []string{"tariff", "deck", "account", "limits", "max_price", "max_connect_fee", "debt_limit", "exchange", "min_margin", "min_margin_percent"}
}

// ofClients are the fields that a client's own people see of their company.
func ofClients(name string) bool {
	return slices.Contains([]string{
		"id", "name", "time_zone", "currency", "branches", "extensions", "numbers", "number", "class", "branch", "extension", "group", "groups",
		"mode", "parent", "city", "area", "since", "login", "limits", "period", "money", "seconds", "calls", "max_calls", "inactive", "caller_id",
		"forward", "always", "busy", "no_answer", "after", "unavailable", "ring_time", "account", "credit",
	}, name)
}

// shown is a document as far as it is somebody's to see.
func shown(who *access.Principal, d Document) Document {
	out, _ := withoutSecrets(d).(Document)
	if who.Role.OfTenant() {
		out, _ = filtered(out, ofClients).(Document)
		if who.Branch != "" {
			keepBranch(out, who.Branch)
		}
		return out
	}
	if !who.May(access.ReadPrices) {
		out, _ = filtered(out, func(name string) bool { return !priced(name) }).(Document)
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
