package sipproxy

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"trunkline/routing"
	"trunkline/sipproxy/number"
	"trunkline/sipproxy/txn"
)

// referTarget is where a REFER leads: to a number, or to the other end of a call that is named (RFC 3891).
type referTarget struct {
	user     string
	replaces *replaced
}

// replaced names a dialog by its tags as the end sees them that is to be replaced, which is us (RFC 3891, section 3).
type replaced struct{ callID, toTag, fromTag string }

// parseReferTo reads the one Refer-To of a REFER (RFC 3515, section 2.1).
func parseReferTo(req *sip.Request) (referTarget, bool) {
	headers := append(slices.Clone(req.GetHeaders("Refer-To")), req.GetHeaders("r")...) // Its short form.
	var to sip.Uri
	if len(headers) != 1 {
		return referTarget{}, false
	}
	if _, err := sip.ParseAddressValue(headers[0].Value(), &to, &sip.HeaderParams{}); err != nil {
		return referTarget{}, false
	}
	switch strings.ToLower(to.Scheme) {
	case "sip", "sips":
	case "tel": // RFC 3966.
		return referTarget{user: number.User(&to)}, number.User(&to) != ""
	default:
		return referTarget{}, false
	}
	if method, ok := to.UriParams.Get("method"); ok && !strings.EqualFold(method, string(sip.INVITE)) {
		return referTarget{}, false
	}
	return referHeaders(&to)
}

// referHeaders reads what the INVITE that is asked for is to have.
func referHeaders(to *sip.Uri) (referTarget, bool) {
	t := referTarget{user: number.User(to)}
	for _, p := range to.Headers {
		if !strings.EqualFold(p.K, "Replaces") {
			continue
		}
		text, err := url.PathUnescape(p.V)
		if t.replaces = parseReplaces(text); err != nil || t.replaces == nil {
			return referTarget{}, false
		}
	}
	return t, t.user != "" || t.replaces != nil
}

func parseReplaces(text string) *replaced {
	fields := strings.Split(text, ";")
	r := &replaced{callID: strings.TrimSpace(fields[0])}
	for _, f := range fields[1:] {
		key, value, _ := strings.Cut(strings.TrimSpace(f), "=")
		switch strings.ToLower(key) {
		case "to-tag":
			r.toTag = value
		case "from-tag":
			r.fromTag = value
		}
	}
	if r.callID == "" || r.toTag == "" || r.fromTag == "" {
		return nil
	}
	return r
}

// refer takes a REFER: the other end of the call is to be connected with somebody else (RFC 3515, RFC 5589). Carriers may not
// ask for that: whoever asks pays.
func (d *dialog) refer(req *sip.Request, tx *txn.Server) {
	caller, ok := d.party()
	if !ok {
		tx.Reply(sip.StatusForbidden, "Forbidden")
		return
	}
	to, valid := parseReferTo(req)
	var rest *dialog
	if d.call.state == stateAnswered && d.answered == nil {
		rest = d.call.peer(d)
	}
	switch {
	case !d.sh.cfg.FollowRefer:
		tx.Reply(sip.StatusGlobalDecline, "Decline")
		return
	case !valid:
		tx.Reply(sip.StatusBadRequest, "Bad Refer-To")
		return
	case d.call.transferLeg != nil:
		tx.Reply(sip.StatusRequestPending, "Request Pending")
		return
	case rest == nil: // Nobody is there yet who could be transferred.
		tx.Reply(sip.StatusGlobalDecline, "Decline")
		return
	}
	tx.Reply(sip.StatusAccepted, "Accepted", ourContact(d.flow, ""))
	tr := &transfer{sh: d.sh, call: d.call, referrer: d, rest: rest, event: d.referEvent(req), dialled: to.replaces == nil}
	d.call.transferLeg = &transferLeg{transfer: tr, leaving: d}
	d.call.log.Info("transfer", "to", to.user, "attended", to.replaces != nil, "extension", caller.Extension)
	tr.notify(sip.StatusTrying, "Trying", false)
	if to.replaces != nil {
		tr.attended(*to.replaces, caller)
		return
	}
	tr.blind(req, to.user, caller)
}

// referEvent is the Event of the notifications about a REFER; from the second one of a dialog on they say which (RFC 3515,
// section 2.4.6).
func (d *dialog) referEvent(req *sip.Request) string {
	d.referred++
	if d.referred == 1 {
		return "refer"
	}
	return "refer;id=" + strconv.FormatUint(uint64(req.CSeq().SeqNo), 10)
}

// party is who in the house is at this end of the call, as the caller of calls that it asks for; false: it is a carrier's.
func (d *dialog) party() (routing.Caller, bool) {
	c := d.call
	if c == nil {
		return routing.Caller{}, false
	}
	if d == c.caller {
		if c.from.Login != "" {
			return d.sh.router.Login(c.from.Login) // As it is provisioned now.
		}
		return c.from, c.from.Kind == routing.CallerTrunk
	}
	for _, a := range c.attempts {
		if t := a.target.Trunk; a.dialog == d && t != nil {
			return routing.Caller{
				Kind: routing.CallerTrunk, Tenant: c.route.Tenant, Branch: t.Branch, Trunk: t.ID, Media: t.Media, Login: t.Login,
			}, true
		}
		if a.dialog == d && a.target.Gateway == nil && a.target.Login != "" {
			return d.sh.router.Login(a.target.Login)
		}
	}
	return routing.Caller{}, false
}
