package pages

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"trunkline/access"
	"trunkline/console"
	"trunkline/provision"
)

// setupRoutes are the pages about what is set up: clients, routing, prices.
func (p *Pages) setupRoutes() map[string]handler {
	rooms := map[string]handler{
		"GET /simulator": p.simulator, "GET /numbers": p.numbers, "GET /setup": p.beginning, "GET /setup/:tenant": p.wizard,
		"GET /settings": p.settings, "POST /settings": p.putSettings, "POST /tariffs/:id/versions/:revision/withdraw": p.withdrawVersion,
	}
	for _, k := range kinds() {
		rooms["GET /"+k.Path] = p.things(k)
		rooms["GET /"+k.Path+"/:id"] = p.thing(k)
		rooms["POST /"+k.Path+"/:id"] = p.putThing(k)
		rooms["POST /"+k.Path+"/:id/delete"] = p.deleteThing(k)
		if k.Suffix != "" {
			rooms["GET /"+k.Path+"/:id/file"] = p.thingFile(k)
		}
	}
	for _, k := range parts() {
		rooms["GET /tenants/:id/"+k.Path+"/:part"] = p.part(k)
		rooms["POST /tenants/:id/"+k.Path+"/:part"] = p.putPart(k)
		rooms["POST /tenants/:id/"+k.Path+"/:part/delete"] = p.deletePart(k)
	}
	return rooms
}

// newID stands in addresses for an object that is being made.
const newID = "_new"

// thingsView is a list of objects of a kind.
type thingsView struct {
	Kind  kind
	Rows  []thingRow
	Write bool

	Offset, All int // Of the first row, and how many rows there are on all pages.
}

// thingsMost is how many objects a page lists: each one's document is read for it.
const thingsMost = 100

// Next is where the list goes on; empty: nowhere.
func (v thingsView) Next() string {
	if v.Offset+thingsMost >= v.All {
		return ""
	}
	return strconv.Itoa(v.Offset + thingsMost)
}

// Former is the page before.
func (v thingsView) Former() string { return strconv.Itoa(max(0, v.Offset-thingsMost)) }

type thingRow struct {
	ID    string
	Cells []string
	Off   bool
}

func (p *Pages) things(k kind) handler {
	return func(r *request) error {
		if k.kind == provision.KindTenant && r.who.Role.OfTenant() {
			return console.ErrNotFound
		}
		v := thingsView{Kind: k, Write: r.who.May(k.write)}
		if n, err := strconv.Atoi(r.Query("offset")); err == nil { // Nonsense is the first page.
			v.Offset = max(0, n)
		}
		things, all, err := p.o.Console.ThingsFrom(r.Request.Context(), r.who, k.kind, v.Offset, thingsMost)
		if err != nil {
			return err
		}
		v.All = all
		for _, t := range things {
			row := thingRow{ID: t.ID}
			row.Off, _ = t.Document["inactive"].(bool)
			for _, c := range k.Columns {
				row.Cells = append(row.Cells, cell(t.Document, c))
			}
			v.Rows = append(v.Rows, row)
		}
		return r.show("things", k.Many, v)
	}
}

// cell is what a list shows of a field: lists are counted.
func cell(d console.Document, field string) string {
	switch v := at(d, field).(type) {
	case nil:
		return ""
	case []any:
		if len(v) > 0 {
			if _, ok := v[0].(string); ok && len(v) < 4 {
				return strings.Join(texts(v), ", ")
			}
		}
		return strconv.Itoa(len(v))
	default:
		return fmt.Sprint(v)
	}
}

func texts(list []any) []string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// at is the value of a field, which may stand deeper: "account.mode".
func at(d console.Document, field string) any {
	first, rest, deeper := strings.Cut(field, ".")
	if !deeper {
		return d[field]
	}
	inner, _ := d[first].(console.Document)
	return at(inner, rest)
}

// put sets the value of a field, or takes it away.
func put(d console.Document, field string, v any) {
	first, rest, deeper := strings.Cut(field, ".")
	if deeper {
		inner, ok := d[first].(console.Document)
		if !ok {
			if v == nil {
				return
			}
			inner = console.Document{}
			d[first] = inner
		}
		put(inner, rest, v)
		if len(inner) == 0 {
			delete(d, first)
		}
		return
	}
	if v == nil {
		delete(d, field)
		return
	}
	d[field] = v
}

// thingView is the form of an object.
type thingView struct {
	Kind   kind
	ID     string
	New    bool
	Tag    string
	Fields []fieldView
	More   string // All other fields, as they stand in the operator's file.
	Write  bool
	Back   string // Where to go after saving; empty: the list.
	Extra  any    // What the kind shows beside its form.
	File   fileView
}

// fieldView is a field with its value.
type fieldView struct {
	field

	Value   string
	On      bool
	Choices []string
}

// form fills the form of a document.
func (p *Pages) form(r *request, k kind, d console.Document) (v thingView, err error) {
	v = thingView{Kind: k, Write: r.who.May(k.write), Back: home(r.Query("back"))}
	if v.Back == "/" {
		v.Back = ""
	}
	rest, err := copied(d)
	if err != nil {
		return v, err
	}
	for _, f := range k.Fields {
		one := fieldView{field: f, Choices: f.Choices}
		if f.classes {
			one.Choices = p.o.Console.NumberClasses()
		}
		if f.of != "" {
			if one.Choices, err = p.ids(r, f.of); err != nil {
				return v, err
			}
		}
		if f.part != "" {
			if one.Choices, err = p.partIDs(r, f.part); err != nil {
				return v, err
			}
		}
		one.fill(at(d, f.Name))
		put(rest, f.Name, nil)
		v.Fields = append(v.Fields, one)
	}
	for _, name := range append([]string{"id", "number"}, k.Apart...) {
		delete(rest, name)
	}
	if len(rest) > 0 {
		text, err := yaml.Marshal(rest)
		if err != nil {
			return v, err
		}
		v.More = string(text)
	}
	return v, nil
}

// copied is a copy of a document that may be changed.
func copied(d console.Document) (console.Document, error) {
	text, err := yaml.Marshal(d)
	if err != nil {
		return nil, err
	}
	out := console.Document{}
	return out, yaml.Unmarshal(text, &out)
}

// ids are the objects that a field may name. Who may not see them gets none to choose from.
func (p *Pages) ids(r *request, kind provision.Kind) ([]string, error) {
	ids, err := p.o.Console.IDs(r.Request.Context(), r.who, kind)
	if errors.Is(err, console.ErrForbidden) {
		return nil, nil
	}
	return ids, err
}

func (p *Pages) partIDs(r *request, part console.Part) ([]string, error) {
	items, err := p.o.Console.Parts(r.Request.Context(), r.who, r.Param("id"), part)
	out := make([]string, 0, len(items))
	for _, item := range items {
		out = append(out, item.ID)
	}
	return out, err
}

// read makes a document of what was sent.
func (k kind) read(r *request) (console.Document, error) {
	d := console.Document{}
	if text := r.PostForm("more"); strings.TrimSpace(text) != "" {
		if err := yaml.Unmarshal([]byte(text), &d); err != nil {
			return nil, errors.Join(console.ErrInvalid, fmt.Errorf("more fields: %w", err))
		}
	}
	for _, f := range k.Fields {
		v, err := f.read(r)
		if err != nil {
			return d, err
		}
		put(d, f.Name, v)
	}
	return d, nil
}

func (p *Pages) thing(k kind) handler {
	return func(r *request) error {
		v, err := p.thingView(r, k)
		if err != nil {
			return err
		}
		return r.show("thing", cmp.Or(v.ID, k.One), v)
	}
}

// thingView is the form of the object in the address, or of a new one.
func (p *Pages) thingView(r *request, k kind) (v thingView, err error) {
	if r.Param("id") == newID {
		if !r.who.May(k.write) {
			return v, console.ErrForbidden
		}
		v, err = p.form(r, k, console.Document{})
		v.New, v.More, v.File.Text = true, k.Example, k.Sample
		return v, err
	}
	t, err := p.o.Console.Thing(r.Request.Context(), r.who, k.kind, r.Param("id"))
	if err != nil {
		return v, err
	}
	if v, err = p.form(r, k, t.Document); err != nil {
		return v, err
	}
	v.ID, v.Tag = t.ID, t.Tag
	if k.Suffix != "" {
		if v.File, err = p.fileView(r, k); err != nil {
			return v, err
		}
	}
	if k.extra != nil {
		v.Extra, err = k.extra(p, r, t)
	}
	return v, err
}

func (p *Pages) putThing(k kind) handler {
	return func(r *request) error {
		id, create := r.Param("id"), false
		if id == newID {
			id, create = strings.TrimSpace(r.PostForm("id")), true
		}
		d, err := k.read(r)
		typed := d
		if err == nil {
			err = p.keepApart(r, k, id, d, create)
		}
		change := console.Change{Kind: k.kind, ID: id, Create: create, Tag: r.PostForm("tag")}
		if err == nil && k.Suffix != "" {
			change.Content, err = k.content(r, id, d)
		}
		if err == nil {
			typed, _ = copied(d) // The console changes what it is given.
			_, err = p.o.Console.PutThing(r.Request.Context(), r.who, change, d)
		}
		if err == nil {
			return r.to(cmp.Or(saved(r), "/"+k.Path), "saved")
		}
		if faultsOf(err) == nil || typed == nil {
			return err
		}
		v, failure := p.form(r, k, typed)
		if failure != nil {
			return failure
		}
		v.ID, v.New, v.Tag, v.Back, v.File = id, create, r.PostForm("tag"), saved(r), typedFile(change.Content)
		return r.again("thing", k.One, v, err)
	}
}

// saved is where the form asks to go afterwards.
func saved(r *request) string {
	if to := home(r.PostForm("back")); to != "/" {
		return to
	}
	return ""
}

// keepApart keeps what other pages change: a form of a tenant does not take its people away.
func (p *Pages) keepApart(r *request, k kind, id string, d console.Document, create bool) error {
	if create || len(k.Apart) == 0 {
		return nil
	}
	t, err := p.o.Console.Thing(r.Request.Context(), r.who, k.kind, id)
	if err != nil {
		return err
	}
	for _, name := range k.Apart {
		if v, ok := t.Document[name]; ok {
			d[name] = v
		}
	}
	return nil
}

func (p *Pages) deleteThing(k kind) handler {
	return func(r *request) error {
		err := p.o.Console.DeleteThing(r.Request.Context(), r.who, console.Change{Kind: k.kind, ID: r.Param("id"), Tag: "*"})
		if err == nil {
			return r.to("/"+k.Path, "deleted")
		}
		v, failure := p.thingView(r, k)
		if failure != nil {
			return err
		}
		return r.again("thing", k.One, v, err)
	}
}

// numbersView are the telephone numbers of all tenants.
type numbersView struct {
	Rows   []numberRow
	Tenant string
	Text   string
	Free   int // That lead nowhere.
}

type numberRow struct {
	Tenant, Number, Class, Branch, To string
}

func (p *Pages) numbers(r *request) error {
	if err := mayRead(r.who, access.ReadTenants); err != nil {
		return err
	}
	tenants, err := p.tenantsOf(r)
	if err != nil {
		return err
	}
	v := numbersView{Tenant: r.Query("tenant"), Text: strings.TrimPrefix(strings.TrimSpace(r.Query("q")), "+")}
	for _, tenant := range tenants {
		if v.Tenant != "" && v.Tenant != tenant {
			continue
		}
		items, err := p.o.Console.Parts(r.Request.Context(), r.who, tenant, console.Numbers)
		if err != nil {
			return err
		}
		for _, item := range items {
			row := numberRow{Tenant: tenant, Number: item.ID, Class: cell(item.Document, "class"), Branch: cell(item.Document, "branch")}
			row.To = cmp.Or(cell(item.Document, "extension"), cell(item.Document, "group"), cell(item.Document, "forward.always"))
			if !strings.Contains(row.Number, v.Text) {
				continue
			}
			if row.To == "" {
				v.Free++
			}
			v.Rows = append(v.Rows, row)
		}
	}
	slices.SortStableFunc(v.Rows, func(a, b numberRow) int { return cmp.Compare(a.Number, b.Number) })
	return r.show("numbers", "Numbers", v)
}

func mayRead(who *access.Principal, p access.Permission) error {
	if !who.May(p) {
		return console.ErrForbidden
	}
	return nil
}
