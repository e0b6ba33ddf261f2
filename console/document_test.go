package console_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"trunkline/access"
	"trunkline/console"
	"trunkline/console/memory"
	"trunkline/provision"
)

// stored is a document as it is stored, secrets and all.
func stored(t *testing.T, h *memory.House, kind provision.Kind, id string) console.Document {
	t.Helper()
	objects, err := h.Setup.Objects(t.Context(), kind, id)
	require.NoError(t, err)
	require.Len(t, objects, 1)
	d := console.Document{}
	require.NoError(t, yaml.Unmarshal([]byte(objects[0].Spec), &d))
	return d
}

// at walks into a document: names of fields, and numbers of elements. It is nil where there is nothing.
func at(v any, way ...any) any {
	for _, step := range way {
		switch step := step.(type) {
		case string:
			d, _ := v.(console.Document)
			v = d[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

// TestSecretsStayOnPut sends documents back as they were read, which never have secrets in them.
func TestSecretsStayOnPut(t *testing.T) {
	t.Parallel()
	anna := []any{"branches", 0, "extensions", 0}
	for name, c := range map[string]struct {
		kind   provision.Kind
		id     string
		change func(d console.Document)
		secret []any // The way to it.
		stays  bool
		gone   bool
	}{
		"as it was read": {provision.KindGateway, "alfa-1", nil, []any{"password"}, true, false},
		"another field":  {provision.KindGateway, "alfa-1", func(d console.Document) { d["max_calls"] = 5 }, []any{"password"}, true, false},
		"a new password": {provision.KindGateway, "alfa-1", func(d console.Document) { d["password"] = "new-one" }, []any{"password"}, false, false},
		"another login":  {provision.KindGateway, "alfa-1", func(d console.Document) { d["login"] = "them" }, []any{"password"}, false, true},
		"a phone":        {provision.KindTenant, "acme", nil, slices.Concat(anna, []any{"ha1_sha256"}), true, false},
		"a phone with another name": {provision.KindTenant, "acme", func(d console.Document) {
			e, _ := at(d, anna...).(console.Document)
			e["name"] = "Anna B."
		}, slices.Concat(anna, []any{"ha1_sha256"}), true, false},
		"a hash that somebody made up": {provision.KindTenant, "acme", func(d console.Document) {
			e, _ := at(d, anna...).(console.Document)
			e["ha1_sha256"] = "0123"
		}, slices.Concat(anna, []any{"ha1_sha256"}), true, false},
		"a phone with a new password": {provision.KindTenant, "acme", func(d console.Document) {
			e, _ := at(d, anna...).(console.Document)
			e["password"] = "qWz8-tRm3-Kp"
		}, slices.Concat(anna, []any{"ha1_sha256"}), false, false},
		"a phone with another login": {provision.KindTenant, "acme", func(d console.Document) {
			e, _ := at(d, anna...).(console.Document)
			e["login"] = "anna"
		}, slices.Concat(anna, []any{"ha1_sha256"}), false, true},
		"phones in another order": {provision.KindTenant, "acme", func(d console.Document) {
			list, _ := d["branches"].([]any)
			list[0], list[1] = list[1], list[0]
		}, []any{"branches", 1, "extensions", 0, "ha1_sha256"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			who := people()[access.Operator]
			way := c.secret
			if name == "phones in another order" {
				way = []any{"branches", 0, "extensions", 0, "ha1_sha256"}
			}
			before := at(stored(t, h, c.kind, c.id), way...)
			require.NotEmpty(t, before)
			read, err := h.Console.Thing(t.Context(), who, c.kind, c.id)
			require.NoError(t, err)
			if c.change != nil {
				c.change(read.Document)
			}
			_, err = h.Console.PutThing(t.Context(), who, console.Change{Kind: c.kind, ID: c.id, Tag: read.Tag}, read.Document)
			if name == "a phone with another login" {
				require.ErrorIs(t, err, console.ErrInvalid, "its hash is of the former login: it needs a new password")
				return
			}
			require.NoError(t, err)
			after := at(stored(t, h, c.kind, c.id), c.secret...)
			require.Equal(t, c.stays, after == before)
			require.Equal(t, c.gone, after == nil)
		})
	}
}

// TestPricesStayOnPut sends a document back as somebody read it who sees no prices: what they do not see is not theirs to take away.
func TestPricesStayOnPut(t *testing.T) {
	t.Parallel()
	key := &access.Principal{User: "olga", Role: access.Operator, Key: "k", Scopes: []access.Permission{
		access.ReadTenants, access.WriteTenants, access.ReadRouting, access.WriteRouting,
	}}
	for _, c := range []struct {
		kind   provision.Kind
		id     string
		hidden [][]any
	}{
		{provision.KindCarrier, "alfa", [][]any{{"deck"}, {"debt_limit"}}},
		{provision.KindRoutePlan, "all", [][]any{{"rules", 0, "min_margin"}, {"rules", 0, "min_margin_percent"}}},
		{provision.KindTenant, "acme", [][]any{{"tariff"}, {"account"}, {"limits"}, {"max_price"}, {"branches", 0, "tariff"}, {"branches", 0, "limits"}}},
	} {
		h := newHouse(t)
		before := stored(t, h, c.kind, c.id)
		read, err := h.Console.Thing(t.Context(), key, c.kind, c.id)
		require.NoError(t, err)
		for _, way := range c.hidden {
			require.Nil(t, at(read.Document, way...), "%s %v", c.id, way)
		}
		changed, err := h.Console.PutThing(t.Context(), key, console.Change{Kind: c.kind, ID: c.id}, read.Document)
		require.NoError(t, err)
		require.Empty(t, changed.Fields)
		require.Equal(t, before, stored(t, h, c.kind, c.id))
		// What they send all the same takes effect, and is not told.
		read.Document[c.hidden[0][0].(string)] = map[provision.Kind]any{ //nolint:forcetypeassert // Of the table.
			provision.KindCarrier: nil, provision.KindTenant: "retail", provision.KindRoutePlan: []any{console.Document{"id": "any", "policy": "least_cost", "min_margin": "9"}},
		}[c.kind]
		changed, err = h.Console.PutThing(t.Context(), key, console.Change{Kind: c.kind, ID: c.id, DryRun: true}, read.Document)
		require.NoError(t, err)
		for _, f := range changed.Fields {
			require.NotRegexp(t, "deck|min_margin|tariff", f.Path, "neither what it was nor what it is")
		}
	}
}

// TestConflicts changes what somebody else changed meanwhile.
func TestConflicts(t *testing.T) {
	t.Parallel()
	carrier := func(h *memory.House) console.Thing {
		c, err := h.Console.Thing(t.Context(), people()[access.Operator], provision.KindCarrier, "alfa")
		require.NoError(t, err)
		return c
	}
	put := func(h *memory.House, ch console.Change, name string) error {
		ch.Kind, ch.ID = provision.KindCarrier, "alfa"
		_, err := h.Console.PutThing(t.Context(), people()[access.Operator], ch, console.Document{"currency": "EUR", "deck": "alfa", "name": name})
		return err
	}
	for name, c := range map[string]struct {
		ch       func(h *memory.House) console.Change
		meantime func(h *memory.House)
		want     error
	}{
		"nobody else":    {func(h *memory.House) console.Change { return console.Change{Tag: carrier(h).Tag} }, nil, nil},
		"whatever it is": {func(*memory.House) console.Change { return console.Change{} }, func(h *memory.House) { require.NoError(t, put(h, console.Change{}, "theirs")) }, nil},
		"it was changed since it was read": {func(h *memory.House) console.Change {
			tag := carrier(h).Tag
			require.NoError(t, put(h, console.Change{}, "theirs"))
			return console.Change{Tag: tag}
		}, nil, console.ErrConflict},
		"it is changed while it is stored": {func(h *memory.House) console.Change { return console.Change{Tag: carrier(h).Tag} }, func(h *memory.House) {
			require.NoError(t, put(h, console.Change{}, "theirs"))
		}, console.ErrConflict},
		"something else is changed while it is stored": {func(h *memory.House) console.Change { return console.Change{Tag: carrier(h).Tag} }, func(h *memory.House) {
			_, err := h.Console.PutThing(t.Context(), people()[access.Operator], console.Change{Kind: provision.KindCarrier, ID: "beta"}, console.Document{"currency": "USD"})
			require.NoError(t, err)
		}, nil},
		"it is to be new":      {func(*memory.House) console.Change { return console.Change{Create: true} }, nil, console.ErrConflict},
		"it is to be there":    {func(*memory.House) console.Change { return console.Change{Tag: "*"} }, nil, nil},
		"it is only looked at": {func(*memory.House) console.Change { return console.Change{DryRun: true} }, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			ch := c.ch(h)
			if c.meantime != nil {
				h.Setup.Before = func() { c.meantime(h) }
			}
			err := put(h, ch, "ours")
			require.ErrorIs(t, err, c.want)
			want := map[bool]any{true: "ours", false: stored(t, h, provision.KindCarrier, "alfa")["name"]}[c.want == nil && !ch.DryRun]
			require.Equal(t, want, stored(t, h, provision.KindCarrier, "alfa")["name"])
		})
	}
}

// TestWhatIsRefused tells what is wrong with a document, and changes nothing.
func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind  provision.Kind
		id    string
		d     console.Document
		field string // Of the fault; empty: it is no fault of a field.
	}{
		"another id":          {provision.KindCarrier, "alfa", console.Document{"id": "beta", "currency": "EUR"}, ""},
		"an unknown field":    {provision.KindCarrier, "beta", console.Document{"currency": "EUR", "colour": "red"}, ""},
		"no such deck":        {provision.KindCarrier, "beta", console.Document{"currency": "EUR", "deck": "gone"}, "deck"},
		"no such carrier":     {provision.KindGateway, "g", console.Document{"carrier": "gone", "address": "192.0.2.7"}, "carrier"},
		"a word for a number": {provision.KindCarrier, "beta", console.Document{"currency": "EUR", "max_calls": "many"}, ""},
	} {
		h := newHouse(t)
		_, err := h.Console.PutThing(t.Context(), people()[access.Operator], console.Change{Kind: c.kind, ID: c.id}, c.d)
		require.ErrorIs(t, err, console.ErrInvalid, name)
		var faults *console.FaultsError
		if c.field != "" {
			require.ErrorAs(t, err, &faults, name)
			require.Equal(t, c.field, faults.Faults[0].Field, "named from the object, not from the operator's file")
			require.NotEmpty(t, faults.Faults[0].Remedy)
		}
		left, err := h.Setup.Load(t.Context())
		require.NoError(t, err)
		require.Equal(t, int64(1), left.Revision, name)
	}
	h := newHouse(t)
	err := h.Console.DeleteThing(t.Context(), people()[access.Operator], console.Change{Kind: provision.KindCarrier, ID: "alfa"})
	require.ErrorIs(t, err, console.ErrInvalid, "its gateway names it")
	require.ErrorIs(t, h.Console.DeleteThing(t.Context(), people()[access.Operator], console.Change{Kind: provision.KindSettings, ID: "operator"}), console.ErrInvalid)
	require.ErrorIs(t, h.Console.DeleteThing(t.Context(), people()[access.Operator], console.Change{Kind: provision.KindCarrier, ID: "gone"}), console.ErrNotFound)
}

func TestParseDocument(t *testing.T) {
	t.Parallel()
	d, err := console.ParseDocument([]byte(`{"id": "a", "n": 9007199254740993, "list": [1, "x"], "inner": {"a": true}}`))
	require.NoError(t, err)
	require.Equal(t, console.Document{"id": "a", "n": 9007199254740993, "list": []any{1, "x"}, "inner": console.Document{"a": true}}, d, "whole numbers stay whole")
	for _, text := range []string{"", "[]", "1", `"a"`, "{", "a: b", "{} {}"} {
		_, err := console.ParseDocument([]byte(text))
		require.ErrorIs(t, err, console.ErrInvalid, text)
	}
}

// TestParts changes the parts of a client one by one.
func TestParts(t *testing.T) {
	t.Parallel()
	who := people()[access.Operator]
	of := func(p console.Part, id string) console.PartOf { return console.PartOf{Tenant: "acme", Part: p, ID: id} }
	for name, c := range map[string]struct {
		part console.PartOf
		ch   console.PartChange
		d    console.Document // Nil: it is taken away.
		want error
	}{
		"a new branch":              {of(console.Branches, "bonn"), console.PartChange{Create: true}, console.Document{"name": "Bonn"}, nil},
		"one that is there":         {of(console.Branches, "berlin"), console.PartChange{Create: true}, console.Document{}, console.ErrConflict},
		"one that is to be there":   {of(console.Branches, "bonn"), console.PartChange{Tag: "*"}, console.Document{}, console.ErrNotFound},
		"an old reading":            {of(console.Branches, "berlin"), console.PartChange{Tag: "old"}, console.Document{}, console.ErrConflict},
		"a phone":                   {of(console.Extensions, "102"), console.PartChange{}, console.Document{"branch": "berlin", "password": "qWz8-tRm3-Kp"}, nil},
		"a phone of no branch":      {of(console.Extensions, "102"), console.PartChange{}, console.Document{"branch": "bonn"}, console.ErrInvalid},
		"a phone that moves":        {of(console.Extensions, "101"), console.PartChange{}, console.Document{"branch": "koeln"}, nil},
		"another id":                {of(console.Extensions, "101"), console.PartChange{}, console.Document{"id": "102", "branch": "koeln"}, console.ErrInvalid},
		"a branch with phones goes": {of(console.Branches, "berlin"), console.PartChange{}, nil, console.ErrInvalid},
		"a system goes":             {of(console.PBXs, "old"), console.PartChange{}, nil, nil},
		"what is not there":         {of(console.PBXs, "new"), console.PartChange{}, nil, console.ErrNotFound},
		"of nobody":                 {console.PartOf{Tenant: "nobody", Part: console.PBXs, ID: "old"}, console.PartChange{}, nil, console.ErrNotFound},
		"it is only looked at":      {of(console.PBXs, "new"), console.PartChange{DryRun: true}, console.Document{"format": "panasonic-tda-c-dmy", "branch": "berlin"}, nil},
	} {
		h := newHouse(t)
		var err error
		if c.d == nil {
			err = h.Console.DeletePart(t.Context(), who, c.part, c.ch.Tag)
		} else {
			_, err = h.Console.PutPart(t.Context(), who, c.part, c.ch, c.d)
		}
		require.ErrorIs(t, err, c.want, name)
		_, err = h.Console.Part(t.Context(), who, c.part)
		there := c.d != nil && c.want == nil && !c.ch.DryRun
		if c.want == nil {
			require.Equal(t, there, err == nil, name)
		}
	}
	h := newHouse(t)
	secret := at(stored(t, h, provision.KindTenant, "acme"), "branches", 0, "extensions", 0, "ha1_sha256")
	_, err := h.Console.PutPart(t.Context(), who, of(console.Extensions, "101"), console.PartChange{}, console.Document{"branch": "koeln", "name": "Anna"})
	require.NoError(t, err)
	_, err = h.Console.PutPart(t.Context(), who, of(console.Branches, "koeln"), console.PartChange{}, console.Document{"name": "Köln am Rhein"})
	require.NoError(t, err)
	after := stored(t, h, provision.KindTenant, "acme")
	var hashes []any
	for _, b := range after["branches"].([]any) { //nolint:forcetypeassert // Of the example.
		list, _ := at(b, "extensions").([]any)
		for _, e := range list {
			hashes = append(hashes, at(e, "ha1_sha256"))
		}
	}
	require.Contains(t, hashes, secret, "it keeps its password when it moves, and when its branch is renamed")
	require.Len(t, hashes, 2)
}
