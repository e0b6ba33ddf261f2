package sipproxy

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"trunkline/sipproxy/headers"
)

// Causes of ITU-T Q.850.
const (
	causeUnallocated        uint8 = 1
	causeNoRouteDestination uint8 = 3
	causeNormal             uint8 = 16
	causeBusy               uint8 = 17
	causeNoUserResponding   uint8 = 18
	causeNoAnswer           uint8 = 19
	causeSubscriberAbsent   uint8 = 20
	causeRejected           uint8 = 21
	causeNumberChanged      uint8 = 22
	causeAnsweredElsewhere  uint8 = 26
	causeOutOfOrder         uint8 = 27
	causeInvalidNumber      uint8 = 28
	causeNormalUnspecified  uint8 = 31
	causeNoCircuit          uint8 = 34
	causeTemporaryFailure   uint8 = 41
	causeNotSubscribed      uint8 = 50
	causeIncompatible       uint8 = 79
	causeRecovery           uint8 = 102
	causeInterworking       uint8 = 127
)

// causeOfStatus maps a SIP status to a Q.850 cause (RFC 3398, section 8.2.6.1).
func causeOfStatus(status int) uint8 {
	switch status {
	case 400, 401, 402, 403, 407, 603:
		return causeRejected
	case 404, 604:
		return causeUnallocated
	case 405, 420, 421, 423, 482, 505, 513:
		return causeInterworking
	case 406, 415, 488, 501, 606:
		return causeIncompatible
	case 408, 504:
		return causeRecovery
	case 410:
		return causeNumberChanged
	case 480:
		return causeNoUserResponding
	case 481, 500:
		return causeTemporaryFailure
	case 483:
		return 25
	case 484:
		return causeInvalidNumber
	case 486, 600:
		return causeBusy
	case 487:
		return causeNormal
	case 502:
		return 38
	case 503:
		return causeNoCircuit
	}
	return causeInterworking
}

// causeOf reads the Q.850 cause of a Reason header (RFC 3326), or 0.
func causeOf(msg sip.Message) uint8 {
	for h := range headers.Named(msg, "Reason") {
		for value := range strings.SplitSeq(h.Value(), ",") {
			protocol, params, _ := strings.Cut(strings.TrimSpace(value), ";")
			if !strings.EqualFold(strings.TrimSpace(protocol), "Q.850") {
				continue
			}
			if n, ok := causeParam(params); ok {
				return n
			}
		}
	}
	return 0
}

func causeParam(params string) (uint8, bool) {
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if strings.EqualFold(key, "cause") {
			n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 7)
			return uint8(n), err == nil
		}
	}
	return 0, false
}

// causeText is the name that ITU-T Q.850, table 1 gives a cause.
func causeText(cause uint8) string {
	switch cause {
	case causeUnallocated:
		return "Unallocated number"
	case causeNoRouteDestination:
		return "No route to destination"
	case causeNormal:
		return "Normal call clearing"
	case causeBusy:
		return "User busy"
	case causeNoUserResponding:
		return "No user responding"
	case causeNoAnswer:
		return "No answer from user"
	case causeSubscriberAbsent:
		return "Subscriber absent"
	case causeRejected:
		return "Call rejected"
	case causeNumberChanged:
		return "Number changed"
	case causeAnsweredElsewhere:
		return "Non-selected user clearing"
	case causeOutOfOrder:
		return "Destination out of order"
	case causeInvalidNumber:
		return "Invalid number format"
	case causeNoCircuit:
		return "No circuit available"
	case causeTemporaryFailure:
		return "Temporary failure"
	case causeNotSubscribed:
		return "Requested facility not subscribed"
	case causeIncompatible:
		return "Service or option not implemented"
	case causeRecovery:
		return "Recovery on timer expiry"
	case causeNormalUnspecified:
		return "Normal, unspecified"
	}
	return "Interworking"
}

// statusText is the reason phrase of a status (RFC 3261, section 21).
func statusText(status int) string {
	switch status {
	case 402:
		return "Payment Required"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 408:
		return "Request Timeout"
	case 410:
		return "Gone"
	case 422:
		return "Session Interval Too Small"
	case 480:
		return "Temporarily Unavailable"
	case 481:
		return "Call/Transaction Does Not Exist"
	case 482:
		return "Loop Detected"
	case 484:
		return "Address Incomplete"
	case 486:
		return "Busy Here"
	case 487:
		return "Request Terminated"
	case 488:
		return "Not Acceptable Here"
	case 500:
		return "Server Internal Error"
	case 502:
		return "Bad Gateway"
	case 503:
		return "Service Unavailable"
	case 504:
		return "Server Time-out"
	case 600:
		return "Busy Everywhere"
	case 603:
		return "Decline"
	case 604:
		return "Does Not Exist Anywhere"
	}
	return "Call Failed"
}
