package field_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/internal/field"
)

func TestTags(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]field.Access{
		"open": {}, "client": {Client: true}, "secret": {Guards: []field.Guard{field.Secret}}, "price": {Guards: []field.Guard{field.Price}},
		"client,sale": {Client: true, Guards: []field.Guard{field.Sale}}, "sale,cost": {Guards: []field.Guard{field.Sale, field.Cost}},
	} {
		got, err := field.Parse(tag)
		require.NoError(t, err, tag)
		require.Equal(t, want, got, tag)
	}
	for _, tag := range []string{"", "closed", "sale,client", "client,secret", "secret,price", "sale,sale", "open,", "Client"} {
		_, err := field.Parse(tag)
		require.ErrorIs(t, err, field.ErrTag, tag)
	}
}

// house and room are what a shape is read of.
type house struct {
	ID    string `yaml:"id" access:"client"`
	Key   string `yaml:"key" access:"secret"`
	Rent  int    `yaml:"rent" access:"price"`
	Rooms []room `yaml:"rooms" access:"client"`
	Plan  *house `yaml:"plan" access:"open"`
	Place `yaml:",inline"`
	Image []byte `yaml:"-"`
	inner int
}

type Place struct {
	City string `yaml:"city" access:"client"`
}

type room struct {
	ID   string `yaml:"id" access:"client"`
	Rent int    `yaml:"rent" access:"client,price"`
	Key  string `yaml:"spare" access:"secret"`
}

type careless struct {
	ID   string `yaml:"id" access:"client"`
	Rent int    `yaml:"rent"`
}

func shape(t *testing.T) *field.Shape {
	t.Helper()
	s, err := field.ShapeOf(reflect.TypeFor[house](), "yaml")
	require.NoError(t, err)
	return s
}

// TestShapes reads what stands in documents, however deep, and refuses a struct with a field that nobody has thought of.
func TestShapes(t *testing.T) {
	t.Parallel()
	s := shape(t)
	require.Equal(t, map[string]bool{"key": true, "spare": true}, s.Names(field.Secret))
	require.NotNil(t, s.Field("city"), "what is inline stands in the document itself")
	require.Nil(t, s.Field("Image"))
	require.NotNil(t, s.Within("plan", "plan", "rooms").Field("rent"), "a type may stand in itself")
	require.Nil(t, s.Within("rooms", "moon"))
	_, err := field.ShapeOf(reflect.TypeFor[careless](), "yaml")
	require.ErrorIs(t, err, field.ErrTag)
	require.ErrorContains(t, err, "careless.Rent")
	_ = house{}.inner
}

func TestFilter(t *testing.T) {
	t.Parallel()
	d := field.Document{
		"id": "h", "key": "k", "rent": 9, "city": "Bonn", "unknown": "?", "rooms": []any{field.Document{"id": "r", "rent": 3, "spare": "s"}, "a room"},
		"plan": field.Document{"id": "p", "key": "k"},
	}
	before := field.Clone(d)
	for name, c := range map[string]struct {
		let  func(field.Access) bool
		want field.Document
	}{
		"no secrets": {func(a field.Access) bool { return !a.Has(field.Secret) }, field.Document{
			"id": "h", "rent": 9, "city": "Bonn", "rooms": []any{field.Document{"id": "r", "rent": 3}, "a room"}, "plan": field.Document{"id": "p"},
		}},
		"a client's": {func(a field.Access) bool { return a.Client }, field.Document{
			"id": "h", "city": "Bonn", "rooms": []any{field.Document{"id": "r", "rent": 3}, "a room"},
		}},
		"nothing": {func(field.Access) bool { return false }, field.Document{}},
	} {
		got := shape(t).Filter(d, c.let)
		require.Equal(t, c.want, got, name)
		if list, ok := c.want["rooms"].([]any); ok {
			list[0] = "changed"
			got.(field.Document)["rooms"].([]any)[0] = "changed" //nolint:forcetypeassert // Of the table.
		}
		require.Equal(t, before, field.Clone(d), "%s: a copy shares nothing with what it was made of", name)
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	open := func(a field.Access) bool { return !a.Has(field.Price) && !a.Has(field.Secret) }
	for path, ok := range map[string]bool{
		"id": true, "city": true, "rent": false, "key": false, "rooms[r].id": true, "rooms[a.b].id": true, "rooms[r].rent": false, "rooms": true, "rooms[0]": true,
		"plan.rent": false, "plan.rooms[r].spare": false, "moon": false, "rooms[r].moon": false, "id.deeper": false,
	} {
		require.Equal(t, ok, shape(t).Path(path, open), path)
	}
}

// rows are what is redacted.
type rows struct {
	Of     string `access:"client"`
	List   []row  `access:"client"`
	Best   *row   `access:"open"`
	Next   *rows  `access:"client"`
	hidden int
}

type row struct {
	sums

	Number string `access:"client,personal"`
	Note   string `access:"open,mentions"`
}

type sums struct {
	Sale int `access:"client,sale"`
	Cost int `access:"cost"`
}

// TestRedact takes fields out of values in place, in lists, behind pointers, in what is embedded and in what stands in itself.
func TestRedact(t *testing.T) {
	t.Parallel()
	fresh := func() rows {
		one := func() row { return row{sums{10, 7}, "4930123456", "call 4930123456"} }
		best := one()
		return rows{Of: "acme", List: []row{one(), one()}, Best: &best, Next: &rows{List: []row{one()}, hidden: 1}}
	}
	masked := func(_ field.Guard, v reflect.Value) { v.SetString("*") }
	for name, c := range map[string]struct {
		rules field.Rules
		want  func(*rows)
	}{
		"who sees all": {field.Rules{See: func(field.Access) bool { return true }}, func(*rows) {}},
		"who sees no cost": {field.Rules{See: func(a field.Access) bool { return !a.Has(field.Cost) }}, func(r *rows) {
			r.List[0].Cost, r.List[1].Cost, r.Best.Cost, r.Next.List[0].Cost = 0, 0, 0, 0
		}},
		"a client": {field.Rules{See: func(a field.Access) bool { return a.Client }}, func(r *rows) {
			r.Best = nil
			for _, one := range []*row{&r.List[0], &r.List[1], &r.Next.List[0]} {
				one.Cost, one.Note = 0, ""
			}
		}},
		"who sees no numbers": {field.Rules{See: func(field.Access) bool { return true }, Mask: masked}, func(r *rows) {
			for _, one := range []*row{&r.List[0], &r.List[1], r.Best, &r.Next.List[0]} {
				one.Number, one.Note = "*", "*"
			}
		}},
	} {
		r, err := field.NewRedactor[rows](c.rules)
		require.NoError(t, err)
		got, want := fresh(), fresh()
		r.Redact(&got)
		c.want(&want)
		require.Equal(t, want, got, name)
	}
	_, err := field.NewRedactor[careless](field.Rules{See: func(field.Access) bool { return true }})
	require.ErrorIs(t, err, field.ErrTag)
	require.True(t, slices.Contains(field.Guards(), field.Mentions))
}
