package sipproxy

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/provision"
)

// callMemo is what the journal keeps of a call: enough to relay within it, to end it in time and to record it after
// the process was killed. Everything else is worked out again from the snapshot, as of the time of the call.
type callMemo struct {
	Caller   provision.Caller `json:"caller"`
	Dialled  string           `json:"dialled"`
	CallerID string           `json:"caller_id"`
	Setup    time.Time        `json:"setup"`
	Progress time.Time        `json:"progress"`
	Connect  time.Time        `json:"connect"`
	Heard    time.Time        `json:"heard"` // When both ends were last known to be there.
	Granted  time.Duration    `json:"granted"`
	Final    bool             `json:"final"`
	Reserved bool             `json:"reserved"`
	Near     dialogMemo       `json:"near"`
	Tries    []tryMemo        `json:"tries,omitempty"`
	Winner   int              `json:"winner"` // Index in Tries; -1 before the call was answered.
	Forward  *forwardMemo     `json:"forward,omitempty"`
	Decided  json.RawMessage  `json:"decided,omitempty"`
}

type dialogMemo struct {
	CallID    string   `json:"call_id"`
	Local     string   `json:"local"`
	LocalTag  string   `json:"local_tag"`
	Remote    string   `json:"remote"`
	RemoteTag string   `json:"remote_tag"`
	Target    string   `json:"target"`
	Routes    []string `json:"routes,omitempty"`
	LocalSeq  uint32   `json:"local_seq"`
	RemoteSeq uint32   `json:"remote_seq"`
	Transport string   `json:"transport"`
	Source    string   `json:"source"`
}

type tryMemo struct {
	Seq      int        `json:"seq"`
	Gateway  string     `json:"gateway"`
	Carrier  string     `json:"carrier"`
	Deck     string     `json:"deck"`
	ToSent   string     `json:"to_sent"`
	FromSent string     `json:"from_sent"`
	Setup    time.Time  `json:"setup"`
	Progress time.Time  `json:"progress"`
	Connect  time.Time  `json:"connect"`
	End      time.Time  `json:"end"`
	Status   int        `json:"status"`
	Cause    uint8      `json:"cause"`
	Side     cdr.Side   `json:"side"`
	Reason   string     `json:"reason"`
	Far      dialogMemo `json:"far"`
}

func (c *call) memo() callMemo {
	m := callMemo{
		Caller: c.from, Dialled: c.dialled, CallerID: c.callerID,
		Setup: c.setup, Progress: c.progress, Connect: c.connect, Heard: c.heard(),
		Granted: c.grant.Granted, Final: c.grant.Final, Reserved: c.reserved,
		Near: c.caller.memo(), Winner: -1, Forward: c.forwardMemo(), Decided: c.trace(c.route, &c.decided),
	}
	for i, a := range c.attempts {
		m.Tries = append(m.Tries, a.memo())
		if a == c.winner {
			m.Winner = i
		}
	}
	m.Caller.HA1MD5, m.Caller.HA1SHA256 = "", "" // Secrets stay out of the file.
	return m
}

func (a *attempt) memo() tryMemo {
	m := tryMemo{
		Seq: a.seq, Gateway: a.gatewayID(), Deck: a.target.Deck, ToSent: a.target.ToSent, FromSent: a.target.FromSent,
		Setup: a.setup, Progress: a.progress, Connect: a.connect, End: a.disconnect,
		Status: a.status, Cause: a.cause, Side: a.side, Reason: a.reason, Far: a.dialog.memo(),
	}
	if a.target.Carrier != nil {
		m.Carrier = a.target.Carrier.ID
	}
	return m
}

func (d *dialog) memo() dialogMemo {
	m := dialogMemo{
		CallID: d.callID, Local: d.local.Address.String(), LocalTag: d.localTag(),
		Remote: d.remote.Address.String(), RemoteTag: d.remoteTag(), Target: d.target.String(),
		LocalSeq: d.localSeq, RemoteSeq: d.remoteSeq,
		Transport: d.flow.Transport(), Source: d.flow.Remote().String(),
	}
	for _, r := range d.routes {
		m.Routes = append(m.Routes, r.String())
	}
	return m
}

// dialog makes a dialog of what was kept. The next request of ours skips a hundred numbers, for those that were sent
// after the note was made.
func (m *dialogMemo) dialog(sh *shard) (*dialog, error) {
	d := &dialog{sh: sh, callID: m.CallID, localSeq: m.LocalSeq + 100, remoteSeq: m.RemoteSeq, ackSent: true}
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
	d.flow, err = sh.wire.To(m.Transport, source)
	return d, err
}
