package provision_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
)

const branded = `
name: House
realm: pbx.test
brands:
  - {id: partner, name: Partner Telecom, hosts: [client.partner.example], colour: "#7a1fa2", logo: partner.png}
carriers: [{id: alfa, currency: EUR}]
tariffs: [{id: retail, file: retail.yaml}]
dial_plans: [{id: plain, country: "49", rules: [{match: "+.", strip: 1}]}]
route_plans: [{id: all, default: true, rules: [{id: any, policy: least_cost}]}]
tenants:
  - {id: acme, time_zone: Europe/Berlin, currency: EUR, tariff: retail, dial_plan: plain, account: {mode: prepaid}, brand: partner}
  - {id: plain, time_zone: Europe/Berlin, currency: EUR, tariff: retail, dial_plan: plain, account: {mode: prepaid}}
`

const brandedTariff = "name: retail\ncurrency: EUR\ndecks:\n  - name: world\n    defaults: {increment: 1/1}\n    rates: [{prefix: \"49\", destination: Germany, rate: 6}]\n"

func TestBrandsGoByTenantAndHost(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"op.yaml": {Data: []byte(branded)}, "partner.png": {Data: []byte("picture")}, "retail.yaml": {Data: []byte(brandedTariff)},
	}
	b, err := provision.ReadBundle(files, "op.yaml")
	require.NoError(t, err)
	s, err := provision.NewCompiler().Compile(t.Context(), b)
	require.NoError(t, err)
	require.Equal(t, "Partner Telecom", s.BrandAt("Client.partner.example:8080").Name)
	require.Equal(t, "picture", string(s.BrandOf("acme").Image))
	require.Nil(t, s.BrandOf("plain"))
	require.Nil(t, s.BrandAt("other.example"))

	objects, err := b.Objects()
	require.NoError(t, err)
	again, err := provision.NewBundle(objects, b.Files)
	require.NoError(t, err)
	require.Equal(t, b.Operator.Brands[0].Hosts, again.Operator.Brands[0].Hosts, "it comes out of the store as it went in")

	b.Operator.Brands[0].Colour, b.Operator.Brands[0].Hosts, b.Operator.Tenants[0].Brand = "violet", []string{"https://x"}, "none"
	err = b.Check()
	require.ErrorContains(t, err, `"violet" is no colour`)
	require.ErrorContains(t, err, `brands[0].hosts[0]`)
	require.ErrorContains(t, err, `there is no brand "none"`)
}
