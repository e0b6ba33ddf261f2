package txn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/sipproxy/txn"
)

// TestRetransmissions holds when a request is sent again, and when it is given up (RFC 3261, sections 17.1.1.2 and 17.1.2.2).
func TestRetransmissions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		transport string
		method    sip.RequestMethod
		ringsAt   time.Duration // When a 1xx comes; 0: none does.
		want      string        // The seconds at which it is sent.
		silence   int           // Whether somebody is told that nothing came.
	}{
		"A and B: an INVITE over UDP":          {"udp", sip.INVITE, 0, "0 0.5 1.5 3.5 7.5 15.5 31.5", 1},
		"B: an INVITE over TCP":                {"tcp", sip.INVITE, 0, "0", 1},
		"A ends when it rings":                 {"udp", sip.INVITE, 2 * time.Second, "0 0.5 1.5", 0},
		"E and F: others over UDP":             {"udp", sip.OPTIONS, 0, "0 0.5 1.5 3.5 7.5 11.5 15.5 19.5 23.5 27.5 31.5", 1},
		"F: others over TCP":                   {"tcp", sip.OPTIONS, 0, "0", 1},
		"E is T2 from a provisional answer on": {"udp", sip.OPTIONS, time.Second, "0 0.5 1.5 5.5 9.5 13.5 17.5 21.5 25.5 29.5", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLine(t, c.transport)
			o := l.send(c.method)
			if c.ringsAt > 0 {
				l.pass(c.ringsAt)
				o.answer(sip.StatusRinging)
			}
			l.pass(64*txn.T1 - c.ringsAt - time.Millisecond)
			require.Zero(t, o.silences, "not before 64*T1")
			l.pass(time.Second)
			require.Equal(t, c.silence, o.silences)
			require.Equal(t, c.want, l.times(string(c.method)))
			require.Equal(t, c.silence == 0, o.Pending())
			l.pass(time.Hour)
			require.Equal(t, c.silence, o.silences, "it is told once")
		})
	}
}

// TestFinalAnswers holds what is done with an answer that comes again, until timers D, K and M forget the transaction.
func TestFinalAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		transport string
		method    sip.RequestMethod
		status    int
		last      time.Duration // How long answers that come again belong to it.
		heard     int           // How many of three the sender hears.
		acks      int           // How many of them are acknowledged here.
	}{
		"D: a refused INVITE":         {"udp", sip.INVITE, sip.StatusBusyHere, 32 * time.Second, 1, 3},
		"D: over TCP":                 {"tcp", sip.INVITE, sip.StatusBusyHere, 32 * time.Second, 1, 3},
		"M: RFC 6026: 2xx come again": {"udp", sip.INVITE, sip.StatusOK, 32 * time.Second, 3, 0},
		"K: others":                   {"udp", sip.OPTIONS, sip.StatusOK, txn.T4, 1, 0},
		"K: refused others: no ACK":   {"udp", sip.BYE, sip.StatusCallTransactionDoesNotExists, txn.T4, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLine(t, c.transport)
			o := l.send(c.method)
			for range 3 {
				o.answer(c.status)
			}
			require.Len(t, o.heard, c.heard)
			require.Equal(t, c.acks, strings.Count(strings.Join(l.sent, ","), "ACK"))
			require.Equal(t, 1, l.Len())
			l.pass(c.last - time.Second)
			o.answer(c.status)
			require.Zero(t, l.strays, "it is still known")
			l.pass(time.Second)
			require.Zero(t, l.Len())
			o.answer(c.status)
			require.Equal(t, 1, l.strays)
			require.Zero(t, o.silences)
			sent := len(l.sent)
			l.pass(time.Hour)
			require.Len(t, l.sent, sent, "nothing is sent any more")
		})
	}
}

// TestCancel sends a CANCEL as soon as the far end has shown that it has the INVITE (RFC 3261, section 9.1).
func TestCancel(t *testing.T) {
	t.Parallel()
	t.Run("before anything was heard", func(t *testing.T) {
		t.Parallel()
		l := newLine(t, "udp")
		o := l.send(sip.INVITE)
		l.pass(time.Second)
		o.Cancel()
		l.pass(3 * time.Second)
		require.Empty(t, l.times("CANCEL"))
		require.Equal(t, "0 0.5", l.times("INVITE"), "whoever has not heard of the call need not hear of it any more")
		o.answer(sip.StatusRinging)
		require.Equal(t, "4", l.times("CANCEL"))
		o.answerTo(sip.CANCEL, sip.StatusOK)
		o.answer(sip.StatusRequestTerminated)
		require.Equal(t, []int{180, 487}, o.heard)
		require.Equal(t, "4", l.times("ACK"))
	})
	t.Run("while it rings", func(t *testing.T) {
		t.Parallel()
		l := newLine(t, "udp")
		o := l.send(sip.INVITE)
		o.answer(sip.StatusRinging)
		l.pass(10 * time.Second)
		o.Cancel()
		o.Cancel()
		require.Equal(t, "10", l.times("CANCEL"), "once")
		l.pass(64*txn.T1 + time.Second)
		require.Equal(t, 1, o.silences, "an end that never answers the INVITE is given up")
		require.False(t, o.Pending())
	})
	t.Run("after it was answered", func(t *testing.T) {
		t.Parallel()
		l := newLine(t, "udp")
		o := l.send(sip.INVITE)
		o.answer(sip.StatusOK)
		o.Cancel()
		require.Empty(t, l.times("CANCEL"))
	})
	t.Run("crossing a 2xx", func(t *testing.T) {
		t.Parallel()
		l := newLine(t, "udp")
		o := l.send(sip.INVITE)
		o.answer(sip.StatusRinging)
		o.Cancel()
		o.answer(sip.StatusOK)
		require.Equal(t, []int{180, 200}, o.heard, "the call is there, and its owner hangs it up")
	})
}

// TestAbandoned tells nobody anything of what was given up.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	l := newLine(t, "udp")
	o := l.send(sip.INVITE)
	o.Abandon()
	l.pass(time.Minute)
	require.Equal(t, "0", l.times("INVITE"))
	require.Zero(t, o.silences)
	require.Zero(t, l.Len())
}

// TestAnswersOfOthers go to nobody who did not ask.
func TestAnswersOfOthers(t *testing.T) {
	t.Parallel()
	l := newLine(t, "udp")
	o := l.send(sip.INVITE)
	o.answerTo(sip.OPTIONS, sip.StatusOK)
	require.Empty(t, o.heard, "the method of the CSeq is part of what a transaction is known by")
	require.Equal(t, 1, l.strays)
	require.False(t, o.Heard())
}
