package sipproxy_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOverloadIsRefusedEarly: while the ledger is slow, more new calls than may wait for it are refused at once, with a time
// to try again; those that wait go on.
func TestOverloadIsRefusedEarly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.MaxAsking = 2
	w.ledger = make(chan struct{})
	caller, gateway := w.gatewayPeer()
	for i := range 3 {
		caller.invite(fmt.Sprint("over", i))
	}
	res := caller.hear("SIP/2.0 503")
	require.NotEmpty(t, res.GetHeaders("Retry-After"))
	require.Equal(t, 2, w.proxy.InProgress())
	close(w.ledger)
	for range 2 {
		gateway.answer(gateway.hear("INVITE"), 486, "Busy Here", "g")
		w.record()
	}
	caller.invite("over3")
	gateway.answer(gateway.hear("INVITE sip:74951234567"), 486, "Busy Here", "g")
	w.record()
}
