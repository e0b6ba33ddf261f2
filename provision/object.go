package provision

import (
	"bytes"
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Kind is the kind of a provisioned object. The words are stored.
type Kind string

// The kinds.
const (
	KindSettings  Kind = "settings" // The operator's own: name, realm, exchange rates; one object.
	KindCarrier   Kind = "carrier"
	KindGateway   Kind = "gateway"
	KindDeck      Kind = "deck"
	KindTariff    Kind = "tariff"
	KindDialPlan  Kind = "dial_plan"
	KindRoutePlan Kind = "route_plan"
	KindTenant    Kind = "tenant" // With its branches, extensions, numbers and trunks.
)

// settingsID is the id of the only object of its kind.
const settingsID = "operator"

// Object is one provisioned thing in the form in which it is stored: a YAML document, valid only together with all
// others.
type Object struct {
	Kind Kind
	ID   string
	Spec string
}

// Objects takes the bundle apart.
func (b *Bundle) Objects() ([]Object, error) {
	o := &b.Operator
	settings := *o
	settings.takeLists(&Operator{})
	var t taker
	t.take(KindSettings, settingsID, settings)
	takeAll(&t, KindCarrier, o.Carriers, func(v *Carrier) string { return v.ID })
	takeAll(&t, KindGateway, o.Gateways, func(v *Gateway) string { return v.ID })
	takeAll(&t, KindDeck, o.Decks, func(v *DeckSource) string { return v.ID })
	takeAll(&t, KindTariff, o.Tariffs, func(v *TariffSource) string { return v.ID })
	takeAll(&t, KindDialPlan, o.DialPlans, func(v *DialPlan) string { return v.ID })
	takeAll(&t, KindRoutePlan, o.RoutePlans, func(v *RoutePlan) string { return v.ID })
	takeAll(&t, KindTenant, o.Tenants, func(v *Tenant) string { return v.ID })
	return t.objects, t.err
}

type taker struct {
	objects []Object
	err     error
}

func (t *taker) take(kind Kind, id string, v any) {
	spec, err := yaml.Marshal(v)
	if err != nil && t.err == nil {
		t.err = fmt.Errorf("%s %s: %w", kind, id, err)
	}
	t.objects = append(t.objects, Object{kind, id, string(spec)})
}

func takeAll[T any](t *taker, kind Kind, list []T, id func(*T) string) {
	for i := range list {
		t.take(kind, id(&list[i]), list[i])
	}
}

// NewBundle puts objects and files together again. It does not check them; Compile does.
func NewBundle(objects []Object, files map[string][]byte) (*Bundle, error) {
	b := &Bundle{Files: files}
	o := &b.Operator
	for _, obj := range objects {
		var err error
		switch obj.Kind {
		case KindSettings:
			var s Operator
			err = decode(obj.Spec, &s)
			o.settle(&s)
		case KindCarrier:
			err = decodeInto(obj.Spec, &o.Carriers)
		case KindGateway:
			err = decodeInto(obj.Spec, &o.Gateways)
		case KindDeck:
			err = decodeInto(obj.Spec, &o.Decks)
		case KindTariff:
			err = decodeInto(obj.Spec, &o.Tariffs)
		case KindDialPlan:
			err = decodeInto(obj.Spec, &o.DialPlans)
		case KindRoutePlan:
			err = decodeInto(obj.Spec, &o.RoutePlans)
		case KindTenant:
			err = decodeInto(obj.Spec, &o.Tenants)
		default:
			err = fmt.Errorf("unknown kind %q", obj.Kind)
		}
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", obj.Kind, obj.ID, unreadable("", reflect.TypeFor[Operator](), err))
		}
	}
	b.complete()
	return b, nil
}

// settle takes the operator's own settings over.
func (o *Operator) settle(s *Operator) {
	lists := *o
	*o = *s
	o.takeLists(&lists)
}

// takeLists takes over what are objects of their own, and no settings.
func (o *Operator) takeLists(from *Operator) {
	o.Carriers, o.Gateways, o.Decks, o.Tariffs = from.Carriers, from.Gateways, from.Decks, from.Tariffs
	o.DialPlans, o.RoutePlans, o.Tenants = from.DialPlans, from.RoutePlans, from.Tenants
}

func decode(spec string, v any) error {
	d := yaml.NewDecoder(bytes.NewReader([]byte(spec)))
	d.KnownFields(true)
	return d.Decode(v)
}

func decodeInto[T any](spec string, list *[]T) error {
	var v T
	if err := decode(spec, &v); err != nil {
		return err
	}
	*list = append(*list, v)
	return nil
}
