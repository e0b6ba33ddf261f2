package field

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// ErrTag is returned, wrapped, for a field whose tag is missing or cannot be read.
var ErrTag = errors.New("bad access tag")

// Tag is the key of the tag: `access:"client,price"`.
const Tag = "access"

// Guard is something that a field tells of, so that not everybody sees it. Its word stands in tags and in the description of the API.
type Guard string

// The guards.
const (
	Secret   Guard = "secret"   // Proves who somebody is: it is shown to nobody.
	Price    Guard = "price"    // Prices, and what was agreed on with a client or a carrier.
	Sale     Guard = "sale"     // What a client pays.
	Cost     Guard = "cost"     // What a carrier is paid.
	Money    Guard = "money"    // Of a call's sale or its cost: whoever sees one of both sees it.
	Account  Guard = "account"  // How an account stands.
	Personal Guard = "personal" // A caller's or called number: its last digits are hidden.
	Mentions Guard = "mentions" // Text in which such numbers may stand.
)

// Guards returns all of them.
func Guards() []Guard { return []Guard{Secret, Price, Sale, Cost, Money, Account, Personal, Mentions} }

// The first words of tags. A tag that begins with a guard is open.
const (
	open   = "open"   // The operator's people see it, who may see what it is part of.
	client = "client" // And the people of the client whose it is.
)

// Access says whom a field is shown to. The zero value is open without guards.
type Access struct {
	Client bool    // A client's own people see it as well.
	Guards []Guard // All of them must let somebody pass.
}

// Has reports whether a guard stands before the field.
func (a Access) Has(g Guard) bool { return slices.Contains(a.Guards, g) }

// Words returns the guards in their order, with commas between; empty: there are none.
func (a Access) Words() string {
	words := make([]string, len(a.Guards))
	for i, g := range a.Guards {
		words[i] = string(g)
	}
	return strings.Join(words, ",")
}

// Parse reads a tag, such as "open", "client", "secret" or "client,sale".
func Parse(tag string) (Access, error) {
	var a Access
	for i, word := range strings.Split(tag, ",") {
		switch g := Guard(word); {
		case i == 0 && word == open:
		case i == 0 && word == client:
			a.Client = true
		case slices.Contains(Guards(), g) && !a.Has(g):
			a.Guards = append(a.Guards, g)
		default:
			return Access{}, fmt.Errorf("%w: %q: begin with open or client, and then name some of %v", ErrTag, tag, Guards())
		}
	}
	if a.Has(Secret) && (a.Client || len(a.Guards) > 1) {
		return Access{}, fmt.Errorf("%w: %q: a secret is nothing else", ErrTag, tag)
	}
	return a, nil
}

// Of reads the tag of a field. A field without one is an ErrTag.
func Of(f reflect.StructField) (Access, error) {
	tag, ok := f.Tag.Lookup(Tag)
	if !ok {
		return Access{}, fmt.Errorf("%w: %s has none", ErrTag, f.Name)
	}
	return Parse(tag)
}

// classified reports whether the fields of a type say what they are: any of them has a tag. Amounts, times and numbers do not.
func classified(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for f := range t.Fields() {
		if _, ok := f.Tag.Lookup(Tag); ok || f.Anonymous && classified(f.Type) {
			return true
		}
	}
	return false
}

// element is the type that pointers, lists and maps of a field lead to.
func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}
