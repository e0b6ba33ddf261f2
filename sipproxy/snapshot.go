package sipproxy

import (
	"fmt"
	"net/netip"

	"github.com/emiago/sipgo/sip"

	"trunkline/sipproxy/callstate"
)

func (c *call) snapshot() *callstate.Call {
	m := &callstate.Call{
		Caller: c.from, Dialled: c.dialled, CallerID: c.callerID,
		Setup: callstate.InstantOf(c.setup), Progress: callstate.InstantOf(c.progress), Connect: callstate.InstantOf(c.connect), Heard: callstate.InstantOf(c.heard()),
		Draw: callstate.DrawOf(c.grant.Draw), Granted: c.grant.Granted, Final: c.grant.Final, Lent: c.grant.Lent, Reserved: c.reserved,
		Near: c.caller.snapshot(), Winner: -1, Forward: c.forwardSnapshot(0), Second: c.forwardSnapshot(1), Began: c.began, Boot: c.sh.boot,
	}
	for i, a := range c.attempts {
		m.Attempts = append(m.Attempts, a.snapshot())
		if a == c.winner {
			m.Winner = i
		}
	}
	if j := c.bridge; j != nil && j.theirs != nil {
		m.Bridge = &callstate.Bridge{Call: j.theirs.call.id.String(), Near: j.own == c.caller}
	}
	m.Caller.HA1MD5, m.Caller.HA1SHA256 = "", "" // Secrets stay out of the file.
	m.Caller.Networks, m.Caller.Contacts, m.Caller.Form = nil, nil, nil
	return m
}

func (a *attempt) snapshot() callstate.Attempt {
	m := callstate.Attempt{
		Seq: a.seq, Gateway: a.gatewayID(), Deck: a.target.Deck, Base: a.target.Base, ToSent: a.target.ToSent, FromSent: a.target.FromSent,
		Setup: callstate.InstantOf(a.setup), Progress: callstate.InstantOf(a.progress), Connect: callstate.InstantOf(a.connect), End: callstate.InstantOf(a.disconnect),
		Status: a.status, Cause: a.cause, Side: a.side, Reason: a.reason, Far: a.dialog.snapshot(),
		Login: a.target.Login, Phone: a.target.Extension,
	}
	if a.target.Carrier != nil {
		m.Carrier = a.target.Carrier.ID
	}
	return m
}

// textOf writes a URI out, in room that is used again.
func (sh *shard) textOf(uri *sip.Uri) string {
	sh.text.Reset()
	uri.StringWrite(&sh.text)
	return sh.text.String()
}

func (d *dialog) snapshot() callstate.Dialog {
	m := callstate.Dialog{
		CallID: d.callID, Local: d.sh.textOf(&d.local.Address), LocalTag: d.localTag(),
		Remote: d.sh.textOf(&d.remote.Address), RemoteTag: d.remoteTag(), Target: d.sh.textOf(&d.target),
		LocalSeq: d.localSeq, RemoteSeq: d.remoteSeq,
		Transport: d.flow.Transport(), Source: d.flow.Remote().String(), Host: d.flow.Host(), Web: d.web, Behind: d.behind, Media: d.media.snapshot(d.far),
	}
	for _, r := range d.routes {
		m.Routes = append(m.Routes, d.sh.textOf(&r))
	}
	return m
}

// restoreDialog makes a dialog of what was kept. The next request of ours skips a hundred numbers, for those that were sent
// after the note was made.
func (sh *shard) restoreDialog(m *callstate.Dialog) (*dialog, error) {
	d := &dialog{sh: sh, callID: m.CallID, localSeq: m.LocalSeq + 100, remoteSeq: m.RemoteSeq, ackSent: true, restored: true, web: m.Web, behind: m.Behind}
	if v := m.Media; v != nil {
		d.media, d.far = sh.restoreMedia(v), v.Far
	}
	d.local.Params = sip.HeaderParams{{K: "tag", V: m.LocalTag}}
	if m.RemoteTag != "" {
		d.remote.Params = sip.HeaderParams{{K: "tag", V: m.RemoteTag}}
	}
	for _, p := range []struct {
		text string
		uri  *sip.Uri
	}{{m.Local, &d.local.Address}, {m.Remote, &d.remote.Address}, {m.Target, &d.target}} {
		if err := sip.ParseUri(p.text, p.uri); err != nil {
			return nil, fmt.Errorf("URI %q of dialog %s: %w", p.text, m.CallID, err)
		}
	}
	for _, text := range m.Routes {
		var uri sip.Uri
		if err := sip.ParseUri(text, &uri); err != nil {
			return nil, fmt.Errorf("route %q of dialog %s: %w", text, m.CallID, err)
		}
		d.routes = append(d.routes, uri)
	}
	source, err := netip.ParseAddrPort(m.Source)
	if err != nil {
		return nil, fmt.Errorf("address %q of dialog %s: %w", m.Source, m.CallID, err)
	}
	d.flow, err = sh.wire.To(m.Transport, source, m.Host)
	return d, err
}
