package sipproxy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestChallengeAfterRinging answers a 407 that comes after a 180 (pjproject 660).
func TestChallengeAfterRinging(t *testing.T) {
	t.Parallel()
	w, caller, carrier := challengedWorld(t)
	l := caller.asks("late407")
	invite := carrier.hear("INVITE")
	carrier.answer(invite, 180, "Ringing", "c")
	caller.hear("SIP/2.0 180")
	carrier.answer(invite, 407, "Proxy Authentication Required", "c", asks("n1"))
	carrier.hear("ACK")
	again := carrier.hear("INVITE")
	proves(t, again, "Proxy-Authorization", "n1")
	carrier.reply(again, "c", sdp("far"))
	require.Equal(t, 200, l.final())
	carrier.hear("ACK")
	l.request("BYE", "")
	carrier.hears("BYE")
	legs := w.record()
	require.Len(t, legs, 2, "one attempt, billed once")
	require.Equal(t, legs[0].Duration(), legs[1].Duration())
}

// TestAnswerLongAfterACancel has a 200 to the CANCEL, no 487, and a 200 to the INVITE later (pjproject 796): ACK and BYE. The caller pays
// nothing, the carrier's side stands in the record.
func TestAnswerLongAfterACancel(t *testing.T) {
	t.Parallel()
	w, caller, callee := rawWorld(t)
	caller.invite("no487")
	invite := callee.hear("INVITE")
	callee.answer(invite, 180, "Ringing", "b1")
	caller.hear("SIP/2.0 180")
	caller.cancel("no487")
	caller.hear("SIP/2.0 487")
	callee.hears("CANCEL")
	time.Sleep(500 * time.Millisecond) //nolint:forbidigo // The carrier takes its time.
	callee.answer(invite, 200, "OK", "b1")
	callee.hear("ACK")
	callee.hears("BYE")
	legs := w.record()
	require.Zero(t, legs[0].Duration())
	require.GreaterOrEqual(t, legs[1].Duration(), time.Second)
}

// TestCancelAfterEarlyMedia ends with one 487, a CANCEL to the carrier and an ACK of its 487 (opensips 3899, siphon-sip 214). Nobody is billed.
func TestCancelAfterEarlyMedia(t *testing.T) {
	t.Parallel()
	w, caller, callee := rawWorld(t)
	caller.invite("early")
	invite := callee.hear("INVITE")
	callee.early(invite, "b1", "early")
	caller.hear("SIP/2.0 183")
	caller.cancel("early")
	caller.hear("SIP/2.0 200")
	res := caller.hear("SIP/2.0 487")
	caller.hopACK(res, "early")
	callee.hears("CANCEL")
	callee.answer(invite, 487, "Request Terminated", "b1")
	callee.hear("ACK")
	caller.silent("SIP/2.0 487", 700*time.Millisecond)
	for _, leg := range w.record() {
		require.Zero(t, leg.Duration())
	}
}

// TestHoldIsAnsweredByTheOtherEnd carries the direction of a session over as it is (livekit/sip 779), and every request within the call gets
// an answer (siphon-sip 345). The call is billed once, on both sides.
func TestHoldIsAnsweredByTheOtherEnd(t *testing.T) {
	t.Parallel()
	w, caller, callee := rawWorld(t)
	near, _ := caller.calls("hold", "74951234567", callee)
	near.request("INVITE", sdp("hold")+"a=sendonly\r\n")
	again := callee.hear("INVITE")
	require.Contains(t, string(again.Body()), "a=sendonly")
	callee.reply(again, "", sdp("held")+"a=recvonly\r\n")
	require.Contains(t, string(caller.hear("SIP/2.0 200").Body()), "a=recvonly")
	near.request("ACK", "")
	callee.hear("ACK")
	for method, answer := range map[string]string{"UPDATE": "SIP/2.0 200", "INFO": "SIP/2.0 200", "OPTIONS": "SIP/2.0 200", "MESSAGE": "SIP/2.0 405", "NOTIFY": "SIP/2.0 405"} {
		near.request(method, "")
		if method == "UPDATE" || method == "INFO" {
			callee.hears(method)
		}
		res := caller.hear(answer)
		require.True(t, strings.EqualFold(method, string(res.CSeq().MethodName)), method)
	}
	near.request("BYE", "")
	callee.hears("BYE")
	legs := w.record()
	require.Len(t, legs, 2)
	require.Equal(t, legs[0].Duration(), legs[1].Duration())
}
