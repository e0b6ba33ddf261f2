package provision_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
)

// TestTrunkAtAGateway refuses a trunk whose calls would go to a carrier, unpaid.
func TestTrunkAtAGateway(t *testing.T) {
	t.Parallel()
	file := "realm: x\ncarriers:\n  - {id: co, currency: EUR}\ngateways:\n  - {id: gw, carrier: co, address: 198.51.100.1}\ntenants:\n  - id: a\n    trunks:\n      - {id: pbx, branch: hq, address: \"<address>\"}\n"
	for address, refused := range map[string]bool{"198.51.100.1": true, "198.51.100.1:5060": true, "198.51.100.1:5070": false, "203.0.113.1": false} {
		b, err := provision.ReadBundle(fstest.MapFS{"op.yaml": {Data: []byte(strings.ReplaceAll(file, "<address>", address))}}, "op.yaml")
		require.NoError(t, err)
		text := b.Check().Error()
		require.Equal(t, refused, strings.Contains(text, "is the gateway gw"), "%s: %s", address, text)
	}
}
