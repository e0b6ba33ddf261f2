package api

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/internal/field"
	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/provision/inventory"
	"trunkline/reports"
	"trunkline/reports/invoice"
)

// TestRoutesAndDescriptionAgree holds the routes that are served against openapi.yaml, both ways.
func TestRoutesAndDescriptionAgree(t *testing.T) {
	t.Parallel()
	description, err := Describe(t.Context())
	require.NoError(t, err)
	s := &Server{described: description, o: Options{}}
	engine, ok := s.routes().(*gin.Engine)
	require.True(t, ok)
	parameter := regexp.MustCompile(`:(\w+)`)
	served := make(map[string]bool)
	for _, r := range engine.Routes() {
		if path, inside := strings.CutPrefix(r.Path, apiPath); inside && path != "/openapi.yaml" {
			served[r.Method+" "+parameter.ReplaceAllString(path, "{$1}")] = true
		}
	}
	described := make(map[string]bool)
	for path, item := range description.doc.Paths.Map() {
		for method, op := range item.Operations() {
			described[method+" "+path] = true
			permission, ok := op.Extensions["x-permission"].(string)
			require.True(t, ok, "%s %s says which permission it needs", method, path)
			if permission != "none" {
				require.Contains(t, access.Permissions(), access.Permission(permission), "%s %s", method, path)
			}
		}
	}
	require.Equal(t, described, served)
}

// TestShapesAreThoseOfTheProvisioning holds the schemas of what is provisioned against the fields of the operator's file.
func TestShapesAreThoseOfTheProvisioning(t *testing.T) {
	t.Parallel()
	description, err := Describe(t.Context())
	require.NoError(t, err)
	schemas := description.doc.Components.Schemas
	for name, v := range provisioned() {
		require.Contains(t, schemas, name)
		var described []string
		for field := range schemas[name].Value.Properties {
			described = append(described, field)
		}
		fields := fieldsOf(reflect.TypeOf(v))
		switch name {
		case "Extension": // Addressed one by one, it says its branch.
			fields = append(fields, "branch")
		case "Settings": // The rest has addresses of its own.
			fields = slices.DeleteFunc(fields, func(f string) bool {
				return slices.Contains([]string{"carriers", "gateways", "decks", "tariffs", "dial_plans", "route_plans", "tenants"}, f)
			})
		}
		require.ElementsMatch(t, fields, described, name)
	}
}

// TestDescriptionSaysWhoSees holds x-access of every described field against the tag of the field that it describes: a client's programs can
// tell from the description why a field is not there.
func TestDescriptionSaysWhoSees(t *testing.T) {
	t.Parallel()
	description, err := Describe(t.Context())
	require.NoError(t, err)
	for name, v := range shownSchemas() {
		names := "json"
		if strings.HasPrefix(reflect.TypeOf(v).PkgPath(), "trunkline/provision") && name != "StockNumber" {
			names = "yaml"
		}
		shape, err := field.ShapeOf(reflect.TypeOf(v), names)
		require.NoError(t, err, name)
		for property, p := range description.doc.Components.Schemas[name].Value.Properties {
			f := shape.Field(property)
			if f == nil && name == "Extension" && property == "branch" {
				continue
			}
			require.NotNil(t, f, "%s.%s is a field of ours", name, property)
			said, _ := p.Extensions["x-access"].(string)
			if p.Value != nil && said == "" {
				said, _ = p.Value.Extensions["x-access"].(string)
			}
			require.Equal(t, f.Words(), said, "%s.%s: x-access", name, property)
			require.Equal(t, f.Has(field.Secret), p.Value.WriteOnly, "%s.%s: writeOnly, as a secret", name, property)
		}
	}
}

// shownSchemas are the structs that schemas describe, as far as their fields are not all shown to the same people.
func shownSchemas() map[string]any {
	out := provisioned()
	maps.Copy(out, map[string]any{
		"CallLeg": console.CallLeg{}, "LiveCall": console.LiveCall{}, "DeadLeg": console.DeadLeg{}, "ImportFault": console.ImportFault{},
		"RouteAnswer": console.RouteAnswer{}, "Explanation": lcr.Explanation{}, "Candidate": lcr.Candidate{}, "Skipped": lcr.Skipped{},
		"Figures": reports.Figures{}, "FigureRow": reports.Row{}, "StockNumber": inventory.Number{}, "Charge": invoice.Charge{}, "Delivery": console.Delivery{},
	})
	return out
}

// provisioned are the structs of the operator's file, by the schemas that describe them.
func provisioned() map[string]any {
	return map[string]any{
		"Tenant": provision.Tenant{}, "Branch": provision.Branch{}, "Extension": provision.Extension{}, "Number": provision.Number{}, "Trunk": provision.Trunk{}, "HeaderRule": provision.HeaderRule{},
		"Group": provision.Group{}, "PBX": provision.PBX{}, "Carrier": provision.Carrier{}, "Gateway": provision.Gateway{}, "Deck": provision.DeckSource{},
		"Tariff": provision.TariffSource{}, "DialPlan": provision.DialPlan{}, "DialRule": provision.DialRule{}, "RoutePlan": provision.RoutePlan{},
		"RouteRule": provision.RouteRule{}, "RouteTarget": provision.RouteTarget{}, "QualityGate": provision.QualityGate{}, "Forwarding": provision.Forward{},
		"Brand": provision.Brand{}, "PBXSource": provision.PBXSource{}, "PBXTrunk": provision.PBXTrunk{}, "PBXExtension": provision.PBXExtension{}, "PBXAccount": provision.PBXAccount{},
		"TenantAccount": provision.Account{}, "Cap": provision.Limit{}, "ExchangeRate": provision.ExchangeRate{}, "CallerIDRule": provision.CallerIDRule{},
		"PBXRound": provision.PBXRound{}, "Statistics": provision.Statistics{}, "Destination": provision.Destination{},
		"HuntRule": provision.HuntRule{}, "NumberRule": provision.NumberRule{}, "Settings": provision.Operator{},
	}
}

// fieldsOf are the fields of a part of the operator's file that may be written.
func fieldsOf(t reflect.Type) []string {
	var out []string
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(options, "inline"):
			out = append(out, fieldsOf(f.Type)...)
		case name != "" && name != "-" && !strings.HasPrefix(name, "ha1_"):
			out = append(out, name)
		}
	}
	return out
}
