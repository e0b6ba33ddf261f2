package wire

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzSTUN(f *testing.F) {
	f.Add([]byte("\x00\x01\x00\x00\x21\x12\xa4\x42transactions"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, from := range []string{"192.0.2.1:5060", "[2001:db8::1]:5060"} {
			answer := stunAnswer(data, netip.MustParseAddrPort(from))
			require.LessOrEqual(t, len(answer), stunHead+24)
			if answer != nil {
				require.Equal(t, data[4:stunHead], answer[4:stunHead])
			}
		}
	})
}
