package sipproxy_test

import (
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/routing"
	"trunkline/sipproxy/agent"
)

// TestRingingCallIsCancelledAfterARestart does not let a carrier ring on that could be answered and billed.
func TestRingingCallIsCancelledAfterARestart(t *testing.T) {
	t.Parallel()
	w, caller, carrier := challengedWorld(t)
	caller.invite("ringing")
	carrier.answer(carrier.hear("INVITE"), 407, "Proxy Authentication Required", "c", asks("n1"))
	carrier.hear("ACK")
	invite := carrier.hear("INVITE")
	carrier.answer(invite, 180, "Ringing", "c")
	caller.hear("SIP/2.0 180")
	w.restart()
	carrier.proxy = w.addr()
	for {
		cancel := carrier.hear("CANCEL").(*sip.Request)
		if cancel.CSeq().SeqNo != invite.CSeq().SeqNo {
			carrier.answer(cancel, 481, "Call/Transaction Does Not Exist", "c")
			continue
		}
		theirs, _ := cancel.Via().Params.Get("branch")
		ours, _ := invite.Via().Params.Get("branch")
		require.Equal(t, ours, theirs)
		require.Equal(t, invite.(*sip.Request).Recipient.String(), cancel.Recipient.String())
		carrier.answer(cancel, 200, "OK", "c")
		break
	}
	carrier.answer(invite, 487, "Request Terminated", "c")
	require.Equal(t, invite.CSeq().SeqNo, carrier.hear("ACK").CSeq().SeqNo)
	require.Equal(t, "restart", w.record()[0].Reason)
}

// TestAnswerThatCrossedACancelIsCharged has what the carrier will charge in the record (livekit/sip 756, pjproject 2994 and 796).
func TestAnswerThatCrossedACancelIsCharged(t *testing.T) {
	t.Parallel()
	w, caller, callee := rawWorld(t)
	caller.invite("cross")
	invite := callee.hear("INVITE")
	callee.answer(invite, 180, "Ringing", "b1")
	caller.hear("SIP/2.0 180")
	caller.cancel("cross")
	caller.hear("SIP/2.0 487")
	callee.hear("CANCEL")
	callee.answer(invite, 200, "OK", "b1")
	callee.hear("ACK")
	callee.hears("BYE")
	legs := w.record()
	require.Zero(t, legs[0].Duration(), "the caller pays nothing")
	require.GreaterOrEqual(t, legs[1].Duration(), time.Second)
	require.Less(t, legs[1].Duration(), 5*time.Second)
}

// TestForwardedCallThatComesBack ends a loop with a carrier that begins Max-Forwards anew.
func TestForwardedCallThatComesBack(t *testing.T) {
	t.Parallel()
	o := newOut(t, `- {number: "+4930111001", branch: hq, extension: "101"}`, `- {number: "+4930111001", branch: hq, forward: {always: "00493099"}}`,
		"<gw1 more>", "max_calls: 100")
	carrier := o.agentAt("loop", "127.0.1.1")
	rounds := make(chan int, 100)
	o.gw1.OnCall(func(agent.Incoming) agent.Behaviour {
		rounds <- 1
		out, err := carrier.Dial(t.Context(), agent.Account{Proxy: o.addr(), Realm: realm}, agent.Call{To: "+4930111001", From: "+4420999"})
		if err != nil {
			return agent.Behaviour{Status: 500}
		}
		return agent.Behaviour{Status: out.Status}
	})
	o.gw2.OnCall(func(agent.Incoming) agent.Behaviour { return agent.Behaviour{Status: 486} })
	l := o.inbound("+4930111001")
	require.GreaterOrEqual(t, l.final(), 400)
	require.LessOrEqual(t, len(rounds), 6)
}

// TestTrunkIsToldThatChannelsAreFull takes another way then, as it does not where the called party is busy.
func TestTrunkIsToldThatChannelsAreFull(t *testing.T) {
	t.Parallel()
	w, caller, _ := rawWorld(t)
	w.routes(func(c routing.Caller, dialled string) *routing.Route {
		r := w.toAll(c, dialled)
		r.Capacities = []routing.Capacity{{Key: "tenant/acme", Max: 1}}
		return r
	})
	caller.invite("one")
	caller.hear("SIP/2.0 100")
	caller.invite("two")
	res := caller.hear("SIP/2.0 503")
	require.Contains(t, header(t, res, "Reason"), "Q.850;cause=34")
	w.record()
}
