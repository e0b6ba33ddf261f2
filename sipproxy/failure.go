package sipproxy

import (
	"github.com/emiago/sipgo/sip"

	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/routing"
)

// failure is why an attempt did not take the call.
type failure struct {
	status int
	cause  uint8
	told   bool // The cause was in the answer.
	text   string
	moved  string // Of a 3xx: whom it names.
	minSE  string // Of a 422: the shortest session that is taken (RFC 4028, section 6).
	silent bool   // No answer at all, rather than one with that status.
}

// verdict tells what a failure means to the hunting: by the gateway's rules, then the carrier's, then as usual.
func verdict(t routing.Target, f failure) lcr.Ruling {
	outcome := lcr.Outcome{Status: f.status, Cause: f.cause, Told: f.told, Silent: f.silent}
	var rules []provision.HuntRule
	if t.Gateway != nil {
		rules = append(rules, t.Gateway.Hunt...)
	}
	if t.Carrier != nil {
		rules = append(rules, t.Carrier.Hunt...)
	}
	for _, rule := range rules {
		if ruling, ok := lcr.HuntRule(rule).Rule(outcome); ok {
			return ruling
		}
	}
	return lcr.DefaultRuling(outcome)
}

// upstream is the status that the caller is given for a failure (RFC 3261, section 16.7, step 6: a 503 would tell
// the caller that we are out of service; a challenge of the carrier is not for the caller to answer).
func upstream(f failure) int {
	switch {
	case f.silent:
		return sip.StatusGatewayTimeout
	case f.status == sip.StatusServiceUnavailable, f.status < 400,
		f.status == sip.StatusUnauthorized, f.status == sip.StatusProxyAuthRequired:
		return sip.StatusInternalServerError
	}
	return f.status
}

// better keeps the failure that says more to the caller: one of the called party before one of a carrier, one that
// was answered before silence.
func better(a, b failure) failure {
	if a.status == 0 || weight(b) >= weight(a) {
		return b
	}
	return a
}

func weight(f failure) int {
	switch {
	case f.status >= 600:
		return 4
	case f.silent:
		return 1
	case lcr.CarrierFault(f.status):
		return 2
	}
	return 3
}
