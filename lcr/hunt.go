package lcr

import (
	"fmt"
	"strconv"
	"strings"
)

// Outcome is how an attempt at a gateway ended without an answer of the called party.
type Outcome struct {
	Status int   // SIP status.
	Cause  uint8 // Q.850 cause: of the answer's Reason header (RFC 3326), else of its status (RFC 3398, section 8.2.6.1).
	Told   bool  // The cause was in the answer.
	Silent bool  // Nothing came in time, rather than an answer with that status.
}

// HuntRule says what one kind of outcome means. Of a list the first that fits decides.
type HuntRule struct {
	Status string // "503", "5xx", "cause:34", "timeout", or "any".
	Do     string // "next" tries the next gateway, "stop" ends the call.
	As     int    // The SIP status to go on with instead; 0 keeps it.
}

// Ruling is what an outcome means to the hunting.
type Ruling struct {
	Next bool // Try the next gateway.
	As   int  // The status to go on with instead; 0 keeps it.
}

// Check reports a rule that can never fit or says nothing.
func (r HuntRule) Check() error {
	if r.Do != "next" && r.Do != "stop" {
		return fmt.Errorf("do is %q: use next or stop", r.Do)
	}
	if r.As != 0 && (r.As < 400 || r.As > 699) {
		return fmt.Errorf("as is %d: use a status from 400 to 699", r.As)
	}
	if r.Status == "any" || r.Status == "timeout" {
		return nil
	}
	if text, ok := strings.CutPrefix(r.Status, "cause:"); ok {
		if n, err := strconv.ParseUint(text, 10, 8); err == nil && n >= 1 && n <= 127 {
			return nil
		}
	}
	class := strings.TrimSuffix(r.Status, "xx")
	if n, err := strconv.Atoi(class); err == nil && ((len(class) == 1 && n >= 3 && n <= 6) || (n >= 300 && n <= 699)) {
		return nil
	}
	return fmt.Errorf("%q is no outcome: use 503, 5xx, cause:34, timeout or any", r.Status)
}

// Rule applies the rule; false: it does not fit.
func (r HuntRule) Rule(o Outcome) (Ruling, bool) {
	if !r.fits(o) {
		return Ruling{}, false
	}
	return Ruling{Next: r.Do == "next", As: r.As}, true
}

func (r HuntRule) fits(o Outcome) bool {
	switch {
	case r.Status == "any":
		return true
	case o.Silent:
		return r.Status == "timeout"
	}
	if text, ok := strings.CutPrefix(r.Status, "cause:"); ok {
		n, err := strconv.ParseUint(text, 10, 8)
		return err == nil && uint8(n) == o.Cause
	}
	code := strconv.Itoa(o.Status)
	return r.Status == code || (len(code) == 3 && r.Status == code[:1]+"xx")
}

// DefaultRuling is what an outcome means where no rule fits: a fault of the carrier's is a reason to try another, an answer
// of the called party's is not, since a busy line is busy through every carrier. A cause that the carrier told says more
// than the status: gateways to the telephone network answer 503 or 480 to many things.
func DefaultRuling(o Outcome) Ruling {
	switch {
	case o.Silent:
		return Ruling{Next: true}
	case o.Told && o.Status < 600 && partyCause(o.Cause):
		return Ruling{}
	case o.Told && o.Status < 600 && networkCause(o.Cause):
		return Ruling{Next: true}
	}
	return Ruling{Next: CarrierFault(o.Status)}
}

// partyCause tells causes that speak of the called party (Q.850, table 1): busy, no user responding, no answer, absent,
// number changed.
func partyCause(cause uint8) bool {
	switch cause {
	case 17, 18, 19, 20, 22:
		return true
	}
	return false
}

// networkCause tells causes that speak of the network on the way: no route, no circuit, out of order, temporary failure,
// congestion, no resource.
func networkCause(cause uint8) bool {
	switch cause {
	case 2, 3, 25, 27, 34, 38, 41, 42, 44, 47:
		return true
	}
	return false
}

// CarrierFault tells the statuses that speak of the carrier from those that speak of the called party.
func CarrierFault(status int) bool {
	switch status {
	case 401, 402, 403, 404, 405, 406, 407, 408, 415, 420, 481, 482, 483, 488:
		return true
	}
	return status < 400 || (status >= 500 && status < 600)
}
