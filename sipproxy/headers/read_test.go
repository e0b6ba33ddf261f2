package headers_test

import (
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/sipproxy/headers"
)

func TestSplitAddresses(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"<sip:a;lr>", `"x, y" <sip:b,c@d>`, "sip:e"}, headers.SplitAddresses(`<sip:a;lr> , "x, y" <sip:b,c@d>,sip:e`))
}

// TestReadingHeaders: names are the same in any case (RFC 3261, section 7.3.1), and option tags stand in lists.
func TestReadingHeaders(t *testing.T) {
	t.Parallel()
	req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: "x"})
	req.AppendHeader(sip.NewHeader("supported", "path , Outbound"))
	req.AppendHeader(sip.NewHeader("SUPPORTED", "timer"))
	n := 0
	for range headers.Named(req, "Supported") {
		n++
	}
	require.Equal(t, 2, n)
	for option, want := range map[string]bool{"path": true, "outbound": true, "timer": true, "100rel": false} {
		require.Equal(t, want, headers.HasOption(req, "Supported", option), option)
	}
}
