package provision

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/internal/e164"
)

func TestWhatIsTheTenants(t *testing.T) {
	t.Parallel()
	s, p := pbxSnapshot()
	tenant, _ := s.Tenant("acme")
	for digits, want := range map[string]bool{"101": true, "201": true, "299": true, "301": false, "": false, "4930100": false} {
		_, got := s.OwnExtension("acme", p, digits)
		require.Equal(t, want, got, digits)
	}
	require.True(t, tenant.Numbered(p), "by the number of a trunk")
	require.False(t, tenant.Numbered(&PBX{}))
	_, ok := s.OwnNumber("acme", p, e164.MustParse("4930200"))
	require.True(t, ok)
	_, ok = s.OwnNumber("acme", p, e164.Number{})
	require.False(t, ok)
	tenant.Numbers = []Number{{E164: e164.MustParse("4930999"), Extension: "101"}}
	s.index()
	extension, ok := s.OwnNumber("acme", p, e164.MustParse("4930999"))
	require.True(t, ok)
	require.Equal(t, "101", extension)
	_, ok = s.OwnNumber("other", p, e164.MustParse("4930999"))
	require.False(t, ok, "a number of another client is a stranger's")
}
