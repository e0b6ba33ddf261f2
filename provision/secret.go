package provision

import (
	"bytes"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"trunkline/internal/field"
)

// mask stands in the place of a secret.
const mask = "***"

// ShapeOf says what stands in the documents of a kind, and what of it is a price, a secret or for clients: the tags of the structs here.
// Of a kind that is not known it is nil.
func ShapeOf(kind Kind) *field.Shape {
	var t reflect.Type
	switch kind {
	case KindSettings:
		t = reflect.TypeFor[Operator]()
	case KindCarrier:
		t = reflect.TypeFor[Carrier]()
	case KindGateway:
		t = reflect.TypeFor[Gateway]()
	case KindDeck:
		t = reflect.TypeFor[DeckSource]()
	case KindTariff:
		t = reflect.TypeFor[TariffSource]()
	case KindDialPlan:
		t = reflect.TypeFor[DialPlan]()
	case KindRoutePlan:
		t = reflect.TypeFor[RoutePlan]()
	case KindTenant:
		t = reflect.TypeFor[Tenant]()
	default:
		return nil
	}
	return mustShape(t)
}

// mustShape reads the tags of a struct of this package; a test makes sure that they can be read.
func mustShape(t reflect.Type) *field.Shape {
	s, err := field.ShapeOf(t, "yaml")
	if err != nil {
		panic(err)
	}
	return s
}

// secrets are the names of the fields that hold secrets, wherever they stand. A name that is a secret anywhere is one everywhere.
func secrets() map[string]bool { return mustShape(reflect.TypeFor[Operator]()).Names(field.Secret) }

// Masked returns a stored document with its secrets masked. What cannot be read is masked as a whole.
func Masked(spec string) string {
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(spec), &node); err != nil {
		return mask + "\n"
	}
	if node.IsZero() {
		return spec
	}
	maskNode(&node, secrets())
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	if err := e.Encode(&node); err != nil {
		return mask + "\n"
	}
	return out.String()
}

func maskNode(n *yaml.Node, secrets map[string]bool) {
	for i, inner := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && secrets[n.Content[i-1].Value] {
			*inner = yaml.Node{Kind: yaml.ScalarNode, Value: mask, Style: yaml.DoubleQuotedStyle}
			continue
		}
		maskNode(inner, secrets)
	}
}

// masked returns the value at a path, or the mask where it is a secret.
func masked(path, value string, secrets map[string]bool) string {
	if value != "" && secrets[path[strings.LastIndexByte(path, '.')+1:]] {
		return mask
	}
	return value
}
