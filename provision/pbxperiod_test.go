package provision

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/e164"
)

// Mappings that begin later stand before or behind the others, as one likes.
func TestMappingsInAnyOrder(t *testing.T) {
	t.Parallel()
	may, june, july := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	p := &PBX{
		Extensions: []PBXExtension{
			{Number: "1250", Branch: "first"},
			{Number: "1250", Branch: "second", Since: may},
			{Number: "1250", Branch: "june", Since: june, Till: july},
			{Number: "1250", Branch: "last", Since: june},
			{Number: "12XX", Branch: "all", Since: july},
		},
		Trunks: []PBXTrunk{
			{ID: "0001", Number: e164.MustParse("4930100")},
			{ID: "0001", Number: e164.MustParse("4930200"), Since: june},
			{ID: "00XX", Internal: true},
		},
		Accounts: []PBXAccount{{Code: "77", Branch: "first"}, {Code: "77", Branch: "second", Since: june}},
	}
	for range 2 {
		for _, c := range []struct {
			at                      time.Time
			branch, number, charged string
		}{
			{may.Add(-1), "first", "+4930100", "first"},
			{may, "second", "+4930100", "first"},
			{june, "june", "+4930200", "second"},
			{july, "last", "+4930200", "second"},
		} {
			require.Equal(t, c.branch, p.mapping("1250", c.at).Branch)
			require.Equal(t, c.number, p.trunk("0001", c.at).Number.String())
			require.Equal(t, c.charged, p.account("77", c.at).Branch)
		}
		require.True(t, p.trunk("0002", may).Internal)
		slices.Reverse(p.Extensions)
		slices.Reverse(p.Trunks)
		slices.Reverse(p.Accounts)
	}
}

func TestMappingsThatNeverApply(t *testing.T) {
	t.Parallel()
	may := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	b := &Bundle{Operator: Operator{Tenants: []Tenant{{ID: "acme", PBXs: []PBX{{
		ID: "a", Format: "samsung",
		Extensions: []PBXExtension{{Number: "12XX"}, {Number: "12XX", Since: may}, {Number: "1250"}, {Number: "12XX", Since: may}, {Number: "13", Since: may, Till: may}},
		Trunks:     []PBXTrunk{{ID: "1"}, {ID: "1", Internal: true}, {ID: "2", Till: may}, {ID: "2"}},
		Accounts:   []PBXAccount{{Code: "77"}, {Code: "77", Since: may}, {Code: "77"}},
	}}}}}}
	err := b.Check()
	for _, want := range []string{
		`pbxs[0].extensions[3]: never applies: tenants[0].pbxs[0].extensions[1] is for "12XX"`, "pbxs[0].extensions[4].till",
		"pbxs[0].trunks[1]: never applies", "pbxs[0].accounts[2]: never applies",
	} {
		require.ErrorContains(t, err, want)
	}
	for _, fine := range []string{"extensions[0]", "extensions[2]", "trunks[2]", "trunks[3]", "accounts[1]"} {
		require.NotContains(t, err.Error(), "pbxs[0]."+fine+":")
	}
}
