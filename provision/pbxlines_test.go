package provision

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTrunkGroups(t *testing.T) {
	t.Parallel()
	move := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	p := &PBX{Trunks: []PBXTrunk{
		{ID: "701", Group: "city"},
		{ID: "702", Group: "city", Tariff: "old", Till: move},
		{ID: "702", Group: "city", Tariff: "new", Since: move},
		{ID: "00XX", Group: "isdn", Lines: 30},
		{ID: "0100", Group: "isdn"},
		{ID: "PJSIP/second-*"},
		{ID: "PJSIP/third-*", Lines: 12},
		{ID: "9"},
		{ID: "8XX", Group: "gsm"},
		{ID: "899", Group: "gsm"},
		{ID: "gone", Till: move.AddDate(0, 0, -10)},
		{ID: "later", Since: move.AddDate(1, 0, 0)},
	}}
	require.Equal(t, []TrunkGroup{
		{ID: "9", Known: []string{"9"}}, // It may be a trunk of many channels.
		{ID: "PJSIP/second-*"},
		{ID: "PJSIP/third-*", Lines: 12},
		{ID: "city", Lines: 2, Known: []string{"701", "702"}},
		{ID: "gsm", Known: []string{"899"}}, // The pattern does not say how many.
		{ID: "isdn", Lines: 31, Known: []string{"0100"}},
	}, p.TrunkGroups(move.AddDate(0, 0, -7), move.AddDate(0, 0, 7)))
	for recorded, want := range map[string][2]string{
		"701": {"city", "701"}, "0012": {"isdn", "0012"}, "PJSIP/second-00000ed9": {"PJSIP/second-*", "PJSIP/second"},
		"SIP/unknown-00a0b1c2": {"SIP/unknown", "SIP/unknown"}, "SIP/unknown-branch12": {"SIP/unknown-branch12", "SIP/unknown-branch12"}, "T1": {"T1", "T1"},
	} {
		group, line := p.GroupOf(recorded, move)
		require.Equal(t, want, [2]string{group, line}, recorded)
	}
}

// TestGroupsAreNothingOfTheReading makes sure that who groups their lines is not told that their imports are out of date.
func TestGroupsAreNothingOfTheReading(t *testing.T) {
	t.Parallel()
	s, p := pbxSnapshot()
	before, err := s.ImportSettings("acme", p)
	require.NoError(t, err)
	p.Trunks[0].Group, p.Trunks[0].Lines = "city", 30
	after, err := s.ImportSettings("acme", p)
	require.NoError(t, err)
	require.JSONEq(t, string(before), string(after))
}
