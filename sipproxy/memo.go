package sipproxy

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/cdr"
	"trunkline/routing"
)

// callMemo is what the journal keeps of a call: enough to relay within it, to end it in time and to record it after
// the process was killed. Everything else is worked out again from the snapshot, as of the time of the call.
type callMemo struct {
	Caller   routing.Caller `cbor:"1,keyasint,omitempty"`
	Dialled  string         `cbor:"2,keyasint,omitempty"`
	CallerID string         `cbor:"3,keyasint,omitempty"`
	Setup    instant        `cbor:"4,keyasint,omitempty"`
	Progress instant        `cbor:"5,keyasint,omitempty"`
	Connect  instant        `cbor:"6,keyasint,omitempty"`
	Heard    instant        `cbor:"7,keyasint,omitempty"` // When both ends were last known to be there.
	Granted  time.Duration  `cbor:"8,keyasint,omitempty"`
	Final    bool           `cbor:"9,keyasint,omitempty"`
	Reserved bool           `cbor:"10,keyasint,omitempty"`
	Near     dialogMemo     `cbor:"11,keyasint,omitempty"`
	Tries    []tryMemo      `cbor:"12,keyasint,omitempty"`
	Winner   int            `cbor:"13,keyasint,omitempty"` // Index in Tries; -1 before the call was answered.
	Forward  *forwardMemo   `cbor:"14,keyasint,omitempty"`
	Joint    *jointMemo     `cbor:"15,keyasint,omitempty"`
	Second   *forwardMemo   `cbor:"30,keyasint,omitempty"` // The call that it went on as after that.
	Began    time.Duration  `cbor:"16,keyasint,omitempty"` // Setup by the clock that never steps,
	Boot     string         `cbor:"17,keyasint,omitempty"` // in that life of the machine.
	Lent     bool           `cbor:"18,keyasint,omitempty"`
}

// instant is a time in microseconds since 1970, UTC; 0 is none.
type instant int64

func instantOf(t time.Time) instant {
	if t.IsZero() {
		return 0
	}
	return instant(t.UnixMicro())
}

func (i instant) time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(i)).UTC()
}

type dialogMemo struct {
	CallID    string   `cbor:"1,keyasint,omitempty"`
	Local     string   `cbor:"2,keyasint,omitempty"`
	LocalTag  string   `cbor:"3,keyasint,omitempty"`
	Remote    string   `cbor:"4,keyasint,omitempty"`
	RemoteTag string   `cbor:"5,keyasint,omitempty"`
	Target    string   `cbor:"6,keyasint,omitempty"`
	Routes    []string `cbor:"7,keyasint,omitempty"`
	LocalSeq  uint32   `cbor:"8,keyasint,omitempty"`
	RemoteSeq uint32   `cbor:"9,keyasint,omitempty"`
	Transport string   `cbor:"10,keyasint,omitempty"`
	Source    string   `cbor:"11,keyasint,omitempty"`
	Web       bool     `cbor:"12,keyasint,omitempty"`
	Behind    bool     `cbor:"13,keyasint,omitempty"`
	Host      string   `cbor:"15,keyasint,omitempty"` // Whose certificate the source shows.

	Voice *voiceMemo `cbor:"14,keyasint,omitempty"`
}

// voiceMemo is what the journal keeps of a session at a media relay.
type voiceMemo struct {
	ID      string `cbor:"1,keyasint"`
	Engine  string `cbor:"2,keyasint,omitempty"`
	Far     bool   `cbor:"3,keyasint,omitempty"`
	NearWeb bool   `cbor:"4,keyasint,omitempty"`
	FarWeb  bool   `cbor:"5,keyasint,omitempty"`
}

type tryMemo struct {
	Seq      int        `cbor:"1,keyasint,omitempty"`
	Gateway  string     `cbor:"2,keyasint,omitempty"`
	Carrier  string     `cbor:"3,keyasint,omitempty"`
	Deck     string     `cbor:"4,keyasint,omitempty"`
	ToSent   string     `cbor:"5,keyasint,omitempty"`
	FromSent string     `cbor:"6,keyasint,omitempty"`
	Setup    instant    `cbor:"7,keyasint,omitempty"`
	Progress instant    `cbor:"8,keyasint,omitempty"`
	Connect  instant    `cbor:"9,keyasint,omitempty"`
	End      instant    `cbor:"10,keyasint,omitempty"`
	Status   int        `cbor:"11,keyasint,omitempty"`
	Cause    uint8      `cbor:"12,keyasint,omitempty"`
	Side     cdr.Side   `cbor:"13,keyasint,omitempty"`
	Reason   string     `cbor:"14,keyasint,omitempty"`
	Far      dialogMemo `cbor:"15,keyasint,omitempty"`
	Login    string     `cbor:"16,keyasint,omitempty"` // Of a phone.
	Phone    string     `cbor:"17,keyasint,omitempty"` // Its extension.
	Base     string     `cbor:"18,keyasint,omitempty"` // The deck that a cost-plus sale is built on.
}

// jointMemo is what the journal keeps of a call's being joined with another one.
type jointMemo struct {
	Call string `cbor:"1,keyasint"`           // The other one.
	Near bool   `cbor:"2,keyasint,omitempty"` // It is the caller's side that talks.
}

func (c *call) memo() callMemo {
	m := callMemo{
		Caller: c.from, Dialled: c.dialled, CallerID: c.callerID,
		Setup: instantOf(c.setup), Progress: instantOf(c.progress), Connect: instantOf(c.connect), Heard: instantOf(c.heard()),
		Granted: c.grant.Granted, Final: c.grant.Final, Lent: c.grant.Lent, Reserved: c.reserved,
		Near: c.caller.memo(), Winner: -1, Forward: c.forwardMemo(0), Second: c.forwardMemo(1), Began: c.began, Boot: c.sh.boot,
	}
	for i, a := range c.attempts {
		m.Tries = append(m.Tries, a.memo())
		if a == c.winner {
			m.Winner = i
		}
	}
	if j := c.joint; j != nil && j.theirs != nil {
		m.Joint = &jointMemo{Call: j.theirs.call.id.String(), Near: j.own == c.caller}
	}
	m.Caller.HA1MD5, m.Caller.HA1SHA256 = "", "" // Secrets stay out of the file.
	m.Caller.Networks, m.Caller.Contacts, m.Caller.Form = nil, nil, nil
	return m
}

func (a *attempt) memo() tryMemo {
	m := tryMemo{
		Seq: a.seq, Gateway: a.gatewayID(), Deck: a.target.Deck, Base: a.target.Base, ToSent: a.target.ToSent, FromSent: a.target.FromSent,
		Setup: instantOf(a.setup), Progress: instantOf(a.progress), Connect: instantOf(a.connect), End: instantOf(a.disconnect),
		Status: a.status, Cause: a.cause, Side: a.side, Reason: a.reason, Far: a.dialog.memo(),
		Login: a.target.Login, Phone: a.target.Extension,
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
		Transport: d.flow.Transport(), Source: d.flow.Remote().String(), Host: d.flow.Host(), Web: d.web, Behind: d.behind, Voice: d.voice.memo(d.far),
	}
	for _, r := range d.routes {
		m.Routes = append(m.Routes, r.String())
	}
	return m
}

// dialog makes a dialog of what was kept. The next request of ours skips a hundred numbers, for those that were sent
// after the note was made.
func (m *dialogMemo) dialog(sh *shard) (*dialog, error) {
	d := &dialog{sh: sh, callID: m.CallID, localSeq: m.LocalSeq + 100, remoteSeq: m.RemoteSeq, ackSent: true, restored: true, web: m.Web, behind: m.Behind}
	if v := m.Voice; v != nil {
		d.voice, d.far = sh.restoreVoice(v), v.Far
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
