package inventory_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/provision/inventory"
)

func TestStatusAtAMoment(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	n := func(s inventory.Status, tenant string, until time.Time) inventory.Number {
		return inventory.Number{Number: e164.MustParse("74951000001"), Status: s, Tenant: tenant, Until: until}
	}
	for _, c := range []struct {
		name   string
		number inventory.Number
		holder string
		want   inventory.Status
		tenant string
		taken  bool // For beauty.
	}{
		{name: "free", number: n(inventory.Free, "", time.Time{}), want: inventory.Free},
		{name: "provisioned", number: n(inventory.Free, "", time.Time{}), holder: "salon", want: inventory.Assigned, tenant: "salon", taken: true},
		{name: "reserved", number: n(inventory.Reserved, "beauty", now.Add(time.Hour)), want: inventory.Reserved, tenant: "beauty"},
		{name: "reserved for another", number: n(inventory.Reserved, "salon", now.Add(time.Hour)), want: inventory.Reserved, tenant: "salon", taken: true},
		{name: "reserved too long", number: n(inventory.Reserved, "salon", now), want: inventory.Free},
		{name: "in quarantine", number: n(inventory.Quarantine, "", now.Add(1)), want: inventory.Quarantine, taken: true},
		{name: "quarantine is over", number: n(inventory.Quarantine, "", now), want: inventory.Free},
		{name: "taken away elsewhere", number: n(inventory.Assigned, "salon", time.Time{}), want: inventory.Quarantine, tenant: "salon", taken: true},
		{name: "comes", number: n(inventory.PortingIn, "beauty", now), want: inventory.PortingIn, tenant: "beauty"},
		{name: "comes, and leads to him already", number: n(inventory.PortingIn, "beauty", now), holder: "beauty", want: inventory.PortingIn, tenant: "beauty"},
		{name: "goes", number: n(inventory.PortingOut, "", now), holder: "salon", want: inventory.PortingOut, tenant: "salon", taken: true},
	} {
		got := c.number.At(now, c.holder)
		require.Equal(t, c.want, got.Status, c.name)
		require.Equal(t, c.tenant, got.Tenant, c.name)
		require.Equal(t, c.taken, got.For("beauty") != nil, c.name)
	}
}

func TestNumbersAreChecked(t *testing.T) {
	t.Parallel()
	good := inventory.Number{Number: e164.MustParse("74951000001"), Status: inventory.Free, Class: "toll_free"}
	require.NoError(t, good.Validate())
	require.Equal(t, "toll-free", good.Class)
	for _, change := range []func(*inventory.Number){
		func(n *inventory.Number) { n.Status = inventory.Reserved },
		func(n *inventory.Number) { n.Status = inventory.Quarantine },
		func(n *inventory.Number) { n.Status = "gone" },
		func(n *inventory.Number) { n.Tenant = "x" },
		func(n *inventory.Number) { n.Monthly = money.MustParseAmount("1") },
		func(n *inventory.Number) { n.Number = e164.Number{} },
	} {
		bad := good
		change(&bad)
		require.ErrorIs(t, bad.Validate(), inventory.ErrNumber)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"+74951000001": 1, "+74951000000-99": 100, "+74951000098-+74951000101": 4, "74951000000-74951000009": 10} {
		list, err := inventory.ParseNumbers(text)
		require.NoError(t, err, text)
		require.Len(t, list, want, text)
	}
	for _, text := range []string{"x", "+74951000009-1", "+74951000000-+7495100000", "+74951000000-+74952000000", "+74951000000-"} {
		_, err := inventory.ParseNumbers(text)
		require.Error(t, err, text)
	}
}
