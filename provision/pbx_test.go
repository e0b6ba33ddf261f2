package provision

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/e164"
)

func pbxSnapshot() (*Snapshot, *PBX) {
	move := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s := &Snapshot{operator: &Operator{Tenants: []Tenant{{
		ID: "acme", Tariff: "retail", CallerID: "+4930100",
		Branches: []Branch{
			{ID: "berlin", Extensions: []Extension{{ID: "101", Tariff: "own"}, {ID: "102", Since: move}}},
			{ID: "koeln", Tariff: "cheap", CallerID: "+49221100"},
		},
		PBXs: []PBX{{
			ID: "old", Branch: "berlin",
			Extensions: []PBXExtension{
				{Number: "201", Branch: "koeln", Till: move},
				{Number: "2XX", Extension: "101"},
				{Number: "250", Branch: "koeln", Since: move},
			},
			Accounts: []PBXAccount{{Code: "77", Branch: "koeln", Since: move}},
			Trunks: []PBXTrunk{
				{ID: "00XX", Number: e164.MustParse("4930200")},
				{ID: "9", Internal: true},
				{ID: "PJSIP/second-*", Tariff: "second", Since: move},
			},
		}},
	}}}}
	s.index()
	p, _ := s.PBX("acme", "old")
	return s, p
}

func TestPlaceCall(t *testing.T) {
	t.Parallel()
	s, p := pbxSnapshot()
	before, after := time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name                               string
		extension, account, trunk          string
		at                                 time.Time
		branch, found, tariff, shown, line string
		internal, ofTrunk                  bool
	}{
		{name: "mapped until a day", extension: "201", at: before, branch: "koeln", found: "201", tariff: "cheap", shown: "+49221100"},
		{name: "then by a pattern", extension: "201", at: after, branch: "berlin", found: "101", tariff: "own", shown: "+4930100"},
		{name: "by a pattern before its day", extension: "250", at: before, branch: "berlin", found: "101", tariff: "own", shown: "+4930100"},
		{name: "one of a pattern from its day on", extension: "250", at: after, branch: "koeln", found: "250", tariff: "cheap", shown: "+49221100"},
		{name: "the tenant's own", extension: "101", at: before, branch: "berlin", found: "101", tariff: "own", shown: "+4930100"},
		{name: "unknown", extension: "999", at: before, branch: "berlin", found: "999", tariff: "retail", shown: "+4930100"},
		{name: "account before its day", extension: "101", account: "77", at: before, branch: "berlin", found: "101", tariff: "own", shown: "+4930100"},
		{name: "account", extension: "101", account: "77", at: after, branch: "koeln", found: "101", tariff: "own", shown: "+49221100"},
		{name: "trunk", extension: "101", trunk: "0012", at: after, branch: "berlin", found: "101", tariff: "own", shown: "+4930100", line: "+4930200"},
		{name: "trunk of another operator", extension: "101", trunk: "PJSIP/second-00000ed9", at: after, branch: "berlin", found: "101", tariff: "second", shown: "+4930100", ofTrunk: true},
		{name: "trunk before its day", extension: "101", trunk: "PJSIP/second-00000ed9", at: before, branch: "berlin", found: "101", tariff: "own", shown: "+4930100"},
		{name: "tie line", extension: "101", trunk: "9", at: after, branch: "berlin", found: "101", tariff: "own", shown: "+4930100", internal: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := s.PlaceCall("acme", p, c.extension, c.account, c.trunk, c.at)
			require.Equal(t, PBXPlace{
				Branch: c.branch, Extension: c.found, Tariff: c.tariff, CallerID: e164.MustParse(c.shown), Internal: c.internal, OfTrunk: c.ofTrunk, Number: got.Number,
			}, got)
			require.Equal(t, c.line, got.Number.String())
		})
	}
	require.Equal(t, PBXPlace{}, s.PlaceCall("nobody", p, "101", "", "", before))
	_, ok := s.PBX("acme", "new")
	require.False(t, ok)
}

func TestPBXsAreChecked(t *testing.T) {
	t.Parallel()
	b := &Bundle{Operator: Operator{Tenants: []Tenant{{ID: "acme", PBXs: []PBX{
		{ID: "a", Format: "X Y", Branch: "none", Stamp: "never", TimeZone: "Mars", Seizure: -1, Round: &PBXRound{Way: "sideways"}, Trunks: []PBXTrunk{{ID: "1", Tariff: "none", Lines: -1}}},
		{ID: "a", Format: "samsung", Source: PBXSource{Kind: "fax"}},
		{ID: "b", Format: "samsung", Source: PBXSource{Kind: "folder"}},
		{ID: "c", Format: "samsung", Source: PBXSource{Kind: "listen", Address: "nowhere", Allow: []string{"not an address"}}},
	}}}}}
	err := b.Check()
	for _, want := range []string{
		`pbxs[0].format: "X Y"`, "pbxs[0].branch", "pbxs[0].stamp", "pbxs[0].time_zone", "pbxs[0].seizure", "pbxs[0].round", "pbxs[0].trunks[0].tariff", "pbxs[0].trunks[0].lines",
		`pbxs[1].id: "a" is there twice`, `pbxs[1].source.kind: "fax"`, "pbxs[2].source.path", "pbxs[3].source.address", "pbxs[3].source.allow",
	} {
		require.ErrorContains(t, err, want)
	}
}
