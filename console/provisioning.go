package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"trunkline/access"
	"trunkline/internal/field"
	"trunkline/provision"
)

// Setup keeps what is provisioned.
type Setup interface {
	// Load reads everything, in one snapshot.
	Load(ctx context.Context) (Stored, error)
	// Check tells what is wrong with a state as a whole; the parts are *provision.Fault.
	Check(ctx context.Context, b *provision.Bundle) error
	// Save stores changes that were computed against a revision; ErrConflict when it is not the last one any more.
	Save(ctx context.Context, base int64, changes *provision.Changes, by string) (int64, error)
	// Applied is what the operator's file said that was applied last, and MarkApplied keeps what one says that changes nothing.
	Applied(ctx context.Context) (provision.Applied, error)
	MarkApplied(ctx context.Context, applied provision.Applied) error
	// LastChange says who changed an object or a file last, and when.
	LastChange(ctx context.Context, n provision.Name) (time.Time, string, error)
}

// Shelf reads single things that are provisioned, without all others.
type Shelf interface {
	// Objects reads the objects of a kind, or only the one of an id where one is given.
	Objects(ctx context.Context, kind provision.Kind, id string) ([]provision.Object, error)
	// File reads a file of prices; nil: there is none of the name.
	File(ctx context.Context, name string) ([]byte, error)
}

// Stored is all that is provisioned, at one revision.
type Stored struct {
	Revision int64
	Objects  []provision.Object
	Files    map[string][]byte
	Past     *provision.Past // Of tariffs and decks.
}

// Thing is a provisioned object as it is shown.
type Thing struct {
	Kind     provision.Kind
	ID       string
	Tag      string // Entity tag.
	Document Document
}

// FaultsError is a state that is not valid, with what is wrong with it.
type FaultsError struct {
	Faults []provision.Fault
}

// Error lists the faults.
func (e *FaultsError) Error() string {
	texts := make([]string, len(e.Faults))
	for i := range e.Faults {
		texts[i] = e.Faults[i].Error()
	}
	return strings.Join(texts, "\n")
}

// Is makes it an ErrInvalid.
func (e *FaultsError) Is(target error) bool { return target == ErrInvalid }

// reads and writes are the permissions that objects of a kind ask for.
func reads(kind provision.Kind) access.Permission {
	switch kind {
	case provision.KindTenant:
		return access.ReadTenants
	case provision.KindDeck, provision.KindTariff:
		return access.ReadPrices
	case provision.KindSettings, provision.KindCarrier, provision.KindGateway, provision.KindDialPlan, provision.KindRoutePlan:
	}
	return access.ReadRouting
}

func writes(kind provision.Kind) access.Permission {
	switch kind {
	case provision.KindTenant:
		return access.WriteTenants
	case provision.KindDeck, provision.KindTariff:
		return access.WritePrices
	case provision.KindSettings, provision.KindCarrier, provision.KindGateway, provision.KindDialPlan, provision.KindRoutePlan:
	}
	return access.WriteRouting
}

// Things returns the objects of a kind, by id.
func (c *Console) Things(ctx context.Context, who *access.Principal, kind provision.Kind) ([]Thing, error) {
	return c.things(ctx, who, kind, "")
}

// ThingsFrom returns up to most objects of a kind, from one on in the order of their ids, and how many there are. Only those are read.
func (c *Console) ThingsFrom(ctx context.Context, who *access.Principal, kind provision.Kind, from, most int) ([]Thing, int, error) {
	objects, err := c.objects(ctx, who, kind, "")
	if err != nil {
		return nil, 0, err
	}
	first := min(max(from, 0), len(objects))
	things, err := readThings(who, objects[first:min(first+most, len(objects))])
	return things, len(objects), err
}

// IDs returns the ids of the objects of a kind that are somebody's to see, in their order, without reading what they hold.
func (c *Console) IDs(ctx context.Context, who *access.Principal, kind provision.Kind) ([]string, error) {
	objects, err := c.objects(ctx, who, kind, "")
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(objects))
	for _, o := range objects {
		ids = append(ids, o.ID)
	}
	return ids, nil
}

// objects returns what is stored of a kind, or only the one of an id, as far as it is somebody's to see, in the order of the ids.
func (c *Console) objects(ctx context.Context, who *access.Principal, kind provision.Kind, only string) ([]provision.Object, error) {
	if err := may(who, reads(kind)); err != nil {
		return nil, err
	}
	if kind == provision.KindTenant && only == "" {
		only = who.Tenant // Who belongs to one sees no other.
	}
	objects, err := c.d.Shelf.Objects(ctx, kind, only)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(objects, func(a, b provision.Object) int { return cmp.Compare(a.ID, b.ID) })
	return slices.DeleteFunc(objects, func(o provision.Object) bool { return kind == provision.KindTenant && !who.Sees(o.ID) }), nil
}

// things returns the objects of a kind, or only the one of an id, as far as they are somebody's to see.
func (c *Console) things(ctx context.Context, who *access.Principal, kind provision.Kind, only string) ([]Thing, error) {
	objects, err := c.objects(ctx, who, kind, only)
	if err != nil {
		return nil, err
	}
	return readThings(who, objects)
}

// readThings reads what objects hold, in their order.
func readThings(who *access.Principal, objects []provision.Object) ([]Thing, error) {
	things := []Thing{}
	shape := shapeOf(objects)
	for _, o := range objects {
		d, err := readDocument(o.Spec)
		if err != nil {
			return nil, err
		}
		things = append(things, Thing{o.Kind, o.ID, tagOf(d), shown(who, shape, d)})
	}
	return things, nil
}

// shapeOf says what stands in the documents of objects of one kind.
func shapeOf(objects []provision.Object) *field.Shape {
	if len(objects) == 0 {
		return nil
	}
	return provision.ShapeOf(objects[0].Kind)
}

// Thing returns one object; ErrNotFound.
func (c *Console) Thing(ctx context.Context, who *access.Principal, kind provision.Kind, id string) (Thing, error) {
	if id == "" {
		return Thing{}, missing(kind, id)
	}
	things, err := c.things(ctx, who, kind, id)
	if err != nil {
		return Thing{}, err
	}
	if len(things) == 0 {
		return Thing{}, missing(kind, id)
	}
	return things[0], nil
}

func missing(kind provision.Kind, id string) error {
	return fmt.Errorf("%w: there is no %s %q", ErrNotFound, strings.ReplaceAll(string(kind), "_", " "), id)
}

// Change says how an object is to be changed.
type Change struct {
	Kind provision.Kind
	ID   string
	Tag  string // What it is now; empty: whatever it is. "*" : it is there.
	// Create: there must be none of the id.
	Create bool
	DryRun bool // Only say what would change.
	// Content is what the file of a deck or a tariff is to hold; nil: what it holds.
	Content []byte
}

// Changed is what a change did, or would do.
type Changed struct {
	Thing  Thing
	Fields []provision.FieldChange
}

// PutThing creates or replaces an object, or says what is wrong with it. What is not sent, and not shown to whoever sends, stays: passwords, and
// prices for those who do not see them.
func (c *Console) PutThing(ctx context.Context, who *access.Principal, ch Change, d Document) (Changed, error) {
	if id, ok := d["id"]; ok && id != ch.ID && ch.Kind != provision.KindSettings {
		return Changed{}, invalid("id: the document says %q and its address %q; ids never change", id, ch.ID)
	}
	if ch.Kind != provision.KindSettings {
		d["id"] = ch.ID
	}
	return c.edit(ctx, who, ch, func(before Document) (Document, error) {
		keepHidden(who, provision.ShapeOf(ch.Kind), d, before)
		return d, nil
	})
}

// DeleteThing takes an object away. One that others name is told by them.
func (c *Console) DeleteThing(ctx context.Context, who *access.Principal, ch Change) error {
	if ch.Kind == provision.KindSettings {
		return invalid("the settings cannot be taken away")
	}
	_, err := c.edit(ctx, who, ch, func(Document) (Document, error) { return nil, nil })
	return err
}

// editTries bounds how often a change is tried again because others changed something else at the same time.
const editTries = 5

// edit changes one object: change is given what it is (nil: it is not there), and returns what it is to be (nil: it goes).
func (c *Console) edit(ctx context.Context, who *access.Principal, ch Change, change func(Document) (Document, error)) (Changed, error) {
	if err := may(who, writes(ch.Kind)); err != nil {
		return Changed{}, err
	}
	if ch.Kind == provision.KindTenant && !who.Sees(ch.ID) {
		return Changed{}, missing(ch.Kind, ch.ID)
	}
	for try := 1; ; try++ {
		out, err := c.editOnce(ctx, who, ch, change)
		if !errors.Is(err, ErrConflict) || errors.Is(err, errTag) || errors.Is(err, errThere) || try == editTries {
			return out, err
		}
	}
}

// What is no fault of two changes at the same time, so that trying again does not help.
var (
	errTag   = errors.New("read it again")
	errThere = errors.New("it is there already")
)

func (c *Console) editOnce(ctx context.Context, who *access.Principal, ch Change, change func(Document) (Document, error)) (out Changed, err error) {
	stored, err := c.d.Setup.Load(ctx)
	if err != nil {
		return out, err
	}
	at := slices.IndexFunc(stored.Objects, func(o provision.Object) bool { return o.Kind == ch.Kind && o.ID == ch.ID })
	var before Document
	if at >= 0 {
		if before, err = readDocument(stored.Objects[at].Spec); err != nil {
			return out, err
		}
	}
	if err := ch.fits(before); err != nil {
		return out, err
	}
	next, err := change(before)
	if err != nil {
		return out, err
	}
	objects := slices.Clone(stored.Objects)
	switch {
	case next == nil && at < 0:
		return out, missing(ch.Kind, ch.ID)
	case next == nil:
		objects = slices.Delete(objects, at, at+1)
	default:
		spec, err := yaml.Marshal(next)
		if err != nil {
			return out, invalid("%s", err)
		}
		object := provision.Object{Kind: ch.Kind, ID: ch.ID, Spec: string(spec)}
		if at >= 0 {
			objects[at] = object
		} else {
			objects = append(objects, object)
		}
	}
	return c.store(ctx, who, ch, stored, objects)
}

// fits checks what is asked about the state before.
func (ch *Change) fits(before Document) error {
	switch {
	case ch.Create && before != nil:
		return fmt.Errorf("%w: %s %q: %w", ErrConflict, ch.Kind, ch.ID, errThere)
	case ch.Tag != "" && before == nil:
		return missing(ch.Kind, ch.ID)
	case ch.Tag != "" && ch.Tag != "*" && ch.Tag != tagOf(before):
		return fmt.Errorf("%w: somebody changed %s %s since you read it: %w", ErrConflict, ch.Kind, ch.ID, errTag)
	}
	return nil
}

// store checks a state as a whole and stores what is other than before.
func (c *Console) store(ctx context.Context, who *access.Principal, ch Change, stored Stored, objects []provision.Object) (out Changed, err error) {
	bundle, err := provision.NewBundle(objects, stored.Files)
	if err != nil {
		return out, invalid("%s", plainYAML(err))
	}
	ch.fill(bundle)
	changes, merged, err := provision.Plan(stored.Objects, stored.Files, bundle, true)
	if err != nil {
		return out, invalid("%s", plainYAML(err))
	}
	if err := c.d.Setup.Check(ctx, merged); err != nil {
		return out, faulty(bundle, ch, err)
	}
	for i := range changes.List {
		if changes.List[i].Kind == ch.Kind && changes.List[i].ID == ch.ID {
			out.Fields = changesFor(who, provision.ShapeOf(ch.Kind), changes.List[i].Fields)
		}
	}
	after, err := bundle.Objects()
	if err != nil {
		return out, err
	}
	if i := slices.IndexFunc(after, func(o provision.Object) bool { return o.Kind == ch.Kind && o.ID == ch.ID }); i >= 0 {
		d, err := readDocument(after[i].Spec)
		if err != nil {
			return out, err
		}
		out.Thing = Thing{ch.Kind, ch.ID, tagOf(d), shown(who, provision.ShapeOf(ch.Kind), d)}
	}
	if ch.DryRun || changes.Empty() {
		return out, nil
	}
	if _, err = c.d.Setup.Save(ctx, stored.Revision, changes, who.By()); err != nil {
		return out, err
	}
	return out, c.logFiles(ctx, who, ch, changes)
}

// changesFor are the changes of fields that are somebody's to see. Those of secrets say only that there is one: they are masked already.
func changesFor(who *access.Principal, shape *field.Shape, all []provision.FieldChange) []provision.FieldChange {
	return slices.DeleteFunc(slices.Clone(all), func(f provision.FieldChange) bool {
		return !shape.Path(f.Path, func(a field.Access) bool { return a.Has(field.Secret) || seesField(who, a) })
	})
}

// plainYAML takes the library's words out of what is wrong with a document.
func plainYAML(err error) string {
	text := err.Error()
	for _, cut := range []string{"yaml: unmarshal errors:\n", "yaml: "} {
		text = strings.ReplaceAll(text, cut, "")
	}
	return strings.Join(strings.Fields(text), " ")
}

// faulty tells the faults of a state, with the fields of the object that was changed named from it.
func faulty(b *provision.Bundle, ch Change, err error) error {
	faults := provision.Faults(err)
	if len(faults) == 0 {
		return invalid("%s", err)
	}
	prefix := ch.path(b)
	out := &FaultsError{}
	for _, f := range faults {
		one := *f
		one.File, one.Line = "", 0
		if prefix != "" {
			one.Field = strings.TrimPrefix(one.Field, prefix)
		}
		out.Faults = append(out.Faults, one)
	}
	return out
}

// path is how the fields of an object begin in messages about the whole.
func (ch *Change) path(b *provision.Bundle) string {
	o := &b.Operator
	list, at := "", -1
	switch ch.Kind {
	case provision.KindTenant:
		list, at = "tenants", slices.IndexFunc(o.Tenants, func(t provision.Tenant) bool { return t.ID == ch.ID })
	case provision.KindCarrier:
		list, at = "carriers", slices.IndexFunc(o.Carriers, func(t provision.Carrier) bool { return t.ID == ch.ID })
	case provision.KindGateway:
		list, at = "gateways", slices.IndexFunc(o.Gateways, func(t provision.Gateway) bool { return t.ID == ch.ID })
	case provision.KindDeck:
		list, at = "decks", slices.IndexFunc(o.Decks, func(t provision.DeckSource) bool { return t.ID == ch.ID })
	case provision.KindTariff:
		list, at = "tariffs", slices.IndexFunc(o.Tariffs, func(t provision.TariffSource) bool { return t.ID == ch.ID })
	case provision.KindDialPlan:
		list, at = "dial_plans", slices.IndexFunc(o.DialPlans, func(t provision.DialPlan) bool { return t.ID == ch.ID })
	case provision.KindRoutePlan:
		list, at = "route_plans", slices.IndexFunc(o.RoutePlans, func(t provision.RoutePlan) bool { return t.ID == ch.ID })
	case provision.KindSettings:
	}
	if at < 0 {
		return ""
	}
	return fmt.Sprintf("%s[%d].", list, at)
}
