package agent

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// Account is a login at the proxy.
type Account struct {
	Proxy    netip.AddrPort
	Realm    string
	Login    string
	Password string
}

func (acc Account) server() sip.Uri {
	return sip.Uri{Scheme: "sip", Host: acc.Proxy.Addr().String(), Port: int(acc.Proxy.Port())}
}

// Register registers the agent under a login; seconds 0 takes the registration back. It returns the final status.
func (a *Agent) Register(ctx context.Context, acc Account, seconds int) (int, error) {
	req := sip.NewRequest(sip.REGISTER, acc.server())
	req.Laddr = a.local()
	identity := sip.Uri{Scheme: "sip", User: acc.Login, Host: acc.Realm}
	req.AppendHeader(&sip.FromHeader{Address: identity, Params: sip.HeaderParams{{K: "tag", V: sip.GenerateTagN(10)}}})
	req.AppendHeader(&sip.ToHeader{Address: identity})
	req.AppendHeader(&a.contact)
	req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(seconds)))
	res, err := a.client.Do(ctx, req, sipgo.ClientRequestRegisterBuild)
	if err != nil {
		return 0, fmt.Errorf("register %s: %w", acc.Login, err)
	}
	if res.StatusCode == sip.StatusUnauthorized {
		res, err = a.client.DoDigestAuth(ctx, req, res, sipgo.DigestAuth{Username: acc.Login, Password: acc.Password})
		if err != nil {
			return 0, fmt.Errorf("register %s: %w", acc.Login, err)
		}
	}
	return res.StatusCode, nil
}

// Call is a call that the agent makes.
type Call struct {
	To       string        // What is dialled.
	From     string        // User part of the From header; the login if empty.
	GiveUp   time.Duration // Cancel when it was not answered in that time; 0 waits.
	Talk     time.Duration // Hang up after so long; 0 waits for the other end.
	Hold     time.Duration // Put on hold with a re-INVITE after so long; 0 does not.
	Headers  []sip.Header
	OnAnswer func()
	OnVoice  func(description []byte) // Told the session description of the answer, before OnAnswer.
}

// Outcome is what became of a call.
type Outcome struct {
	Status   int // Final status of the INVITE; 487 after a cancellation; 0 when there was none.
	Rang     bool
	Talked   time.Duration
	ByCallee bool // The other end, or the proxy, hung up.
}

// Dial makes a call and stays with it until it is over.
func (a *Agent) Dial(ctx context.Context, acc Account, c Call) (Outcome, error) {
	uri := acc.server()
	uri.User = c.To
	from := c.From
	if from == "" {
		from = acc.Login
	}
	headers := append([]sip.Header{
		&sip.FromHeader{
			Address: sip.Uri{Scheme: "sip", User: from, Host: acc.Realm},
			Params:  sip.HeaderParams{{K: "tag", V: sip.GenerateTagN(10)}},
		},
		sdpType(),
	}, c.Headers...)
	req := sip.NewRequest(sip.INVITE, uri)
	req.Laddr = a.local()
	req.SetBody(a.SDP())
	for _, h := range headers {
		req.AppendHeader(h)
	}
	session, err := a.calls.WriteInvite(ctx, req)
	if err != nil {
		return Outcome{}, fmt.Errorf("invite %s: %w", c.To, err)
	}
	defer session.Close()
	out, err := a.waitAnswer(ctx, session, acc, c)
	if err != nil || out.Status != sip.StatusOK {
		return out, err
	}
	if err := session.Ack(ctx); err != nil {
		return out, fmt.Errorf("acknowledge the answer of %s: %w", c.To, err)
	}
	if c.OnVoice != nil {
		c.OnVoice(session.InviteResponse.Body())
	}
	if c.OnAnswer != nil {
		c.OnAnswer()
	}
	return a.stay(ctx, session, c, out)
}

// errGaveUp is why a call is cancelled that rang for too long.
var errGaveUp = errors.New("nobody answered in time")

func (a *Agent) waitAnswer(ctx context.Context, s *sipgo.DialogClientSession, acc Account, c Call) (out Outcome, err error) {
	wait, giveUp := context.WithCancelCause(context.WithoutCancel(ctx))
	defer giveUp(nil)
	defer context.AfterFunc(ctx, func() { giveUp(sipgo.WaitAnswerForceCancelErr) })()
	if c.GiveUp > 0 {
		t := time.AfterFunc(c.GiveUp, func() { giveUp(errGaveUp) })
		defer t.Stop()
	}
	defer func() { // sipgo 1.7.2 reads an answer that is not there when the agent is closed while it cancels.
		if v := recover(); v != nil {
			err = fmt.Errorf("the agent was closed in mid-call: %v", v)
		}
	}()
	err = s.WaitAnswer(wait, sipgo.AnswerOptions{
		Username: acc.Login, Password: acc.Password,
		OnResponse: func(res *sip.Response) error {
			out.Rang = out.Rang || (res.IsProvisional() && res.StatusCode > sip.StatusTrying)
			return nil
		},
	})
	var refused *sipgo.ErrDialogResponse
	switch {
	case err == nil:
		out.Status = sip.StatusOK
	case errors.As(err, &refused):
		out.Status = refused.Res.StatusCode
	case errors.Is(context.Cause(wait), errGaveUp):
		out.Status = sip.StatusRequestTerminated
	default:
		return out, fmt.Errorf("wait for the answer of %s: %w", c.To, err)
	}
	return out, nil
}

// stay talks until one of the ends hangs up.
func (a *Agent) stay(ctx context.Context, s *sipgo.DialogClientSession, c Call, out Outcome) (Outcome, error) {
	begun := time.Now() //nolint:forbidigo // The agent plays a person: its time is wall time.
	var end, hold <-chan time.Time
	if c.Talk > 0 {
		t := time.NewTimer(c.Talk)
		defer t.Stop()
		end = t.C
	}
	if c.Hold > 0 {
		t := time.NewTimer(c.Hold)
		defer t.Stop()
		hold = t.C
	}
	for {
		select {
		case <-ctx.Done():
			_ = s.Bye(context.WithoutCancel(ctx))
			return out, ctx.Err()
		case <-hold:
			if err := a.reinvite(ctx, s); err != nil {
				return out, err
			}
		case <-s.Context().Done():
			out.ByCallee = true
			out.Talked = time.Since(begun)
			return out, nil
		case <-end:
			out.Talked = time.Since(begun)
			return out, s.Bye(ctx)
		}
	}
}

// reinvite changes the session within the call.
func (a *Agent) reinvite(ctx context.Context, s *sipgo.DialogClientSession) error {
	req := sip.NewRequest(sip.INVITE, s.InviteResponse.Contact().Address)
	req.Laddr = a.local()
	req.AppendHeader(sdpType())
	req.AppendHeader(&a.contact)
	req.SetBody(a.SDP())
	res, err := s.Do(ctx, req)
	if err != nil {
		return fmt.Errorf("re-INVITE: %w", err)
	}
	if !res.IsSuccess() {
		return fmt.Errorf("re-INVITE: %d %s", res.StatusCode, res.Reason)
	}
	ack := sip.NewRequest(sip.ACK, res.Contact().Address)
	ack.AppendHeader(&sip.CSeqHeader{SeqNo: req.CSeq().SeqNo, MethodName: sip.ACK})
	return s.WriteRequest(ack)
}
