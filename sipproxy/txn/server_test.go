package txn_test

import (
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/sipproxy/txn"
)

const theirBranch = "z9hG4bKtheirs"

// TestFinalAnswersAreRepeated holds when an answer is sent again by itself, until an ACK, or until nobody is waited for any more
// (RFC 3261, sections 17.2.1 and 13.3.1.4; RFC 6026, section 7.1).
func TestFinalAnswersAreRepeated(t *testing.T) {
	t.Parallel()
	const unasked = "0 0.5 1.5 3.5 7.5 11.5 15.5 19.5 23.5 27.5 31.5"
	for name, c := range map[string]struct {
		transport string
		status    int
		ackAt     time.Duration // 0: no ACK comes.
		want      string
		unheard   bool
	}{
		"G and H: a refusal over UDP":        {"udp", sip.StatusBusyHere, 0, unasked, false},
		"G ends with the ACK":                {"udp", sip.StatusBusyHere, 2 * time.Second, "0 0.5 1.5", false},
		"H: a refusal over TCP is sent once": {"tcp", sip.StatusBusyHere, 0, "0", false},
		"L: a 2xx over UDP":                  {"udp", sip.StatusOK, 0, unasked, true},
		"L: a 2xx over TCP":                  {"tcp", sip.StatusOK, 0, unasked, true},
		"a 2xx ends with the ACK":            {"udp", sip.StatusOK, 2 * time.Second, "0 0.5 1.5", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLine(t, c.transport)
			l.theirs(sip.INVITE, theirBranch)
			tx, unheard := l.asked[0], false
			tx.OnUnheard(func() { unheard = true })
			tx.Reply(c.status, "Word")
			if c.ackAt > 0 {
				l.pass(c.ackAt)
				l.theirs(sip.ACK, theirBranch)
				require.Equal(t, c.status == sip.StatusOK, l.acks == 1, "the ACK of a 2xx is the dialog's, any other the transaction's")
				if c.status == sip.StatusOK {
					tx.Acked()
				}
			}
			l.pass(64*txn.T1 - c.ackAt - time.Second)
			require.False(t, unheard, "not before 64*T1")
			l.pass(2 * time.Second)
			require.Equal(t, c.unheard, unheard)
			require.Zero(t, l.Len())
			l.pass(time.Hour)
			word := map[bool]string{true: "200", false: "486"}[c.status == sip.StatusOK]
			require.Equal(t, c.want, l.times(word))
		})
	}
}

// TestRequestsThatComeAgain get the last answer, and are a new request only when timers J, H, I and L are over.
func TestRequestsThatComeAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method  sip.RequestMethod
		status  int
		last    time.Duration // From the final answer on, or from the ACK on.
		acked   bool
		answers bool // A request that comes again is answered again.
	}{
		"J: OPTIONS":                     {sip.OPTIONS, sip.StatusOK, 32 * time.Second, false, true},
		"H: a refused INVITE":            {sip.INVITE, sip.StatusBusyHere, 32 * time.Second, false, true},
		"I: a refused INVITE with ACK":   {sip.INVITE, sip.StatusBusyHere, txn.T4, true, false},
		"L: an INVITE that was answered": {sip.INVITE, sip.StatusOK, 32 * time.Second, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLine(t, "tcp")
			l.theirs(c.method, theirBranch)
			l.theirs(c.method, theirBranch)
			require.Len(t, l.asked, 1, "nothing was answered yet, and nothing is asked twice")
			require.Empty(t, l.sent)
			l.asked[0].Reply(c.status, "Word")
			l.asked[0].Reply(sip.StatusInternalServerError, "Word")
			if c.acked {
				l.theirs(sip.ACK, theirBranch)
				l.theirs(sip.ACK, theirBranch)
				require.Zero(t, l.acks)
			}
			l.sent = nil
			l.theirs(c.method, theirBranch)
			require.Equal(t, c.answers, len(l.sent) == 1)
			l.pass(c.last - time.Second)
			l.theirs(c.method, theirBranch)
			require.Len(t, l.asked, 1, "it is still known")
			l.pass(2 * time.Second)
			l.theirs(c.method, theirBranch)
			require.Len(t, l.asked, 2)
			require.NotContains(t, l.times("500"), "0", "after a final answer there is no other")
		})
	}
}

// TestCancelled passes a CANCEL to the INVITE that it names, and answers it either way (RFC 3261, section 9.2).
func TestCancelled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		branch   string // Of the CANCEL.
		answered int    // Of the INVITE, before it comes.
		want     string
		told     bool
	}{
		"while it rings":                 {theirBranch, 0, "200", true},
		"after it was refused":           {theirBranch, sip.StatusBusyHere, "200", false},
		"after it was answered":          {theirBranch, sip.StatusOK, "200", false},
		"of a call that nobody knows of": {"z9hG4bKother", 0, "481", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLine(t, "udp")
			l.theirs(sip.INVITE, theirBranch)
			told := 0
			l.asked[0].OnCancel(func(*sip.Request) { told++ })
			if c.answered > 0 {
				l.asked[0].Reply(c.answered, "Word")
			}
			l.sent = nil
			l.theirs(sip.CANCEL, c.branch)
			require.Equal(t, []string{"0 " + c.want}, l.sent)
			l.theirs(sip.CANCEL, c.branch)
			require.Len(t, l.sent, 2, "it came again, and so does its answer")
			require.Equal(t, c.told, told == 1)
		})
	}
}

// TestOldBranches tells requests of RFC 2543 apart, whose branch says nothing (RFC 3261, section 17.2.3).
func TestOldBranches(t *testing.T) {
	t.Parallel()
	l := newLine(t, "udp")
	l.theirs(sip.INVITE, "1")
	l.theirs(sip.INVITE, "1")
	require.Len(t, l.asked, 1, "the same Call-ID, From tag and CSeq")
	l.theirs(sip.OPTIONS, "1")
	require.Len(t, l.asked, 2)
	l.theirs(sip.INVITE, theirBranch)
	require.Len(t, l.asked, 3)
}

// TestAnswersSayWhereFrom gives answers one To tag, and the source where rport asks for it (RFC 3581, section 4).
func TestAnswersSayWhereFrom(t *testing.T) {
	t.Parallel()
	l := newLine(t, "udp")
	l.theirs(sip.INVITE, theirBranch)
	tx := l.asked[0]
	trying, ringing := tx.NewResponse(sip.StatusTrying, "Trying"), tx.NewResponse(sip.StatusRinging, "Ringing")
	require.False(t, trying.To().Params.Has("tag"), "100 begins no dialog")
	tag, _ := ringing.To().Params.Get("tag")
	require.Equal(t, tx.Tag(), tag)
	received, _ := ringing.Via().Params.Get("received")
	require.Equal(t, "127.0.0.1", received)
	port, _ := ringing.Via().Params.Get("rport")
	require.NotEqual(t, "5999", port, "the source, not what the Via says")
	require.Equal(t, l.flow.Remote(), tx.Flow().Remote())
}
