package sipproxy

import (
	"context"
	"strings"
	"sync"

	"github.com/emiago/sipgo/sip"

	"trunkline/sipproxy/callstate"
	"trunkline/sipproxy/rtpengine"
)

// part is what a message says of the session (RFC 3264).
type part uint8

const (
	partNone part = iota
	partOffer
	partAnswer
)

// voice is a session at a media relay between two ends of calls, the near one and the far one. What one end says of the
// session is given to the relay, and what the relay makes of it to the other end. Messages keep their order: one that says
// nothing waits for those before it. A nil voice is none: everything passes as it is, at once.
type voice struct {
	proxy           *Proxy
	id              string // Of the session.
	nearWeb, farWeb bool

	mu     sync.Mutex
	engine string // That has it; empty: none yet.
	agreed bool   // Both ends are known to the relay.
	direct bool   // No relay answered, and the call goes on without.
	queue  []func()
	busy   bool
	over   bool
}

// newVoice makes the session of two ends, where one of them needs it.
func (s *shard) newVoice(id string, near, far *dialog) *voice {
	unlike := near.web != far.web && len(s.cfg.Relays) > 0
	if !near.behind && !far.behind && !unlike {
		return nil
	}
	return &voice{proxy: s.Proxy, id: id, nearWeb: near.web, farWeb: far.web}
}

// pass gives what one end has said to the relay, changes the message by what comes back, and goes on with then on a shard; ok
// is false when there is no relay and no call without.
func (v *voice) pass(sh *shard, far bool, msg sip.Message, as part, then func(ok bool)) {
	if v == nil {
		then(true)
		return
	}
	if !describes(msg) {
		as = partNone
	}
	v.mu.Lock()
	if as == partNone && !v.busy {
		v.mu.Unlock()
		then(true)
		return
	}
	defer v.mu.Unlock()
	body := string(msg.Body())
	v.enqueue(func() {
		ok := true
		if as != partNone {
			body, ok = v.ask(far, as, body)
		}
		sh.post(func() {
			if as != partNone && ok {
				msg.SetBody([]byte(body))
			}
			then(ok)
		})
	})
}

// end gives the session up. It may be repeated.
func (v *voice) end() {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.over {
		return
	}
	v.over = true
	v.enqueue(func() {
		v.mu.Lock()
		engine := v.engine
		v.mu.Unlock()
		if engine == "" {
			return
		}
		ctx, cancel := context.WithTimeout(v.proxy.lifetime, askTimeout)
		defer cancel()
		if _, _, err := v.proxy.relays.Do(ctx, engine, cookie(), &rtpengine.Request{Command: rtpengine.Delete, CallID: v.id, FromTag: tagOfEnd(false)}); err != nil {
			v.proxy.log.InfoContext(ctx, "the media relay was not told of the end; it notices by itself", "session", v.id, "error", err)
		}
	})
}

// enqueue has work done after what waits already. The lock is held.
func (v *voice) enqueue(work func()) {
	v.queue = append(v.queue, work)
	if v.busy {
		return
	}
	v.busy = true
	v.proxy.background.Go(v.work)
}

func (v *voice) work() {
	for {
		v.mu.Lock()
		if len(v.queue) == 0 {
			v.busy = false
			v.mu.Unlock()
			return
		}
		next := v.queue[0]
		v.queue = v.queue[1:]
		v.mu.Unlock()
		next()
	}
}

// ask has the relay rewrite a description.
func (v *voice) ask(far bool, as part, body string) (string, bool) {
	v.mu.Lock()
	engine, direct := v.engine, v.direct
	v.mu.Unlock()
	if direct {
		return body, true
	}
	ctx, cancel := context.WithTimeout(v.proxy.lifetime, askTimeout)
	defer cancel()
	sdp, by, err := v.proxy.relays.Do(ctx, engine, cookie(), v.request(far, as, body))
	if err != nil {
		v.proxy.metrics.unrelayed.Inc()
		v.proxy.log.ErrorContext(ctx, "no media relay for the call", "session", v.id, "passed", v.proxy.cfg.RelayPass, "error", err)
		v.mu.Lock()
		defer v.mu.Unlock()
		v.direct = v.proxy.cfg.RelayPass && engine == ""
		return body, v.proxy.cfg.RelayPass
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.engine, v.agreed = by, v.agreed || as == partAnswer
	return sdp, true
}

// request is what the relay is told. An end in a browser speaks DTLS-SRTP with ICE, others are spoken to as they speak.
func (v *voice) request(far bool, as part, body string) *rtpengine.Request {
	self, other := tagOfEnd(far), tagOfEnd(!far)
	r := &rtpengine.Request{Command: rtpengine.Offer, CallID: v.id, FromTag: self, SDP: body}
	v.mu.Lock()
	if v.agreed {
		r.ToTag = other
	}
	v.mu.Unlock()
	if as == partAnswer {
		r.Command, r.FromTag, r.ToTag = rtpengine.Answer, other, self
	}
	toWeb := v.farWeb
	if far {
		toWeb = v.nearWeb
	}
	switch {
	case v.nearWeb == v.farWeb:
	case toWeb:
		r.Profile, r.ICE, r.RTCPMux = "UDP/TLS/RTP/SAVPF", "force", []string{"offer"}
	default:
		r.Profile, r.ICE, r.RTCPMux, r.DTLS = "RTP/AVP", "remove", []string{"demux"}, "off"
	}
	return r
}

// cookie is one that was never used: an engine answers a second request with the same one as it did the first.
func cookie() string { return sip.GenerateTagN(16) }

func tagOfEnd(far bool) string {
	if far {
		return "far"
	}
	return "near"
}

// between is the session that what one end says to another goes through.
func between(says, hears *dialog) (v *voice, far bool) {
	if says.voice == nil && says.sh == hears.sh { // The caller's side has it only once the call is answered.
		return hears.voice, !hears.far
	}
	return says.voice, says.far
}

// talkBy gives an end another session; the one that it had is over.
func (d *dialog) talkBy(v *voice, far bool) {
	if d.voice != v {
		d.voice.end()
	}
	d.voice, d.far = v, far
}

// shareVoice makes the sessions of two ends that were taken back one, where they are.
func (d *dialog) shareVoice(other *dialog) {
	if d.voice != nil && other.voice != nil && d.voice.id == other.voice.id {
		d.voice = other.voice
	}
}

// describes reports whether a message has a session description.
func describes(msg sip.Message) bool {
	if len(msg.Body()) == 0 {
		return false
	}
	for h := range named(msg, "Content-Type") {
		kind, _, _ := strings.Cut(h.Value(), ";")
		return strings.EqualFold(strings.TrimSpace(kind), sdpType)
	}
	return false
}

// replyPart is what an answer to an INVITE says of the session.
func replyPart(invite sip.Message) part {
	if describes(invite) {
		return partAnswer
	}
	return partOffer
}

// carrier is a message that has nothing but the session description of another one, which is left as it is.
func carrier(of sip.Message) sip.Message {
	m := sip.NewResponse(sip.StatusOK, "OK")
	describe(of, m)
	return m
}

// memo is what the journal keeps of a session.
func (v *voice) snapshot(far bool) *callstate.Media {
	if v == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.direct || v.over {
		return nil
	}
	return &callstate.Media{ID: v.id, Engine: v.engine, Far: far, NearWeb: v.nearWeb, FarWeb: v.farWeb}
}

// restoreVoice takes a session back after a restart.
func (s *shard) restoreVoice(m *callstate.Media) *voice {
	return &voice{
		proxy: s.Proxy, id: m.ID, engine: m.Engine, nearWeb: m.NearWeb, farWeb: m.FarWeb, agreed: true,
	}
}
