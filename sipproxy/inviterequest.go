package sipproxy

import (
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"trunkline/sipproxy/headers"
	"trunkline/sipproxy/number"
)

// mayBeEmergency reports whether a call may be one to an emergency service, which is taken whatever the load: their numbers are short.
// Whether it is one tells its route.
func mayBeEmergency(req *sip.Request) bool {
	const short = 4
	dialled := dialledUser(req)
	return len(dialled) <= short || strings.EqualFold(req.Recipient.Scheme, "urn")
}

// mergeKey is the same for requests that are one and came by several ways (RFC 3261, section 8.2.2.2).
func mergeKey(req *sip.Request) string {
	tag, _ := req.From().Params.Get("tag")
	return req.CallID().Value() + "|" + tag + "|" + strconv.FormatUint(uint64(req.CSeq().SeqNo), 10)
}

// dialledUser is what was dialled: the user part of the Request-URI, or of the To header where that has none.
func dialledUser(req *sip.Request) string {
	if strings.EqualFold(req.Recipient.Scheme, "urn") { // Of a service (RFC 5031).
		return req.Recipient.String()
	}
	if user := number.User(&req.Recipient); user != "" {
		return user
	}
	return number.User(&req.To().Address)
}

// callerIdentity is the number that the caller gives: the asserted one, the one that it prefers (RFC 3325), or that of the older
// Remote-Party-ID, before the From header. Whether it may show it is for its route to say.
func callerIdentity(req *sip.Request) string {
	for _, name := range [...]string{"P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID"} {
		for h := range headers.Named(req, name) {
			for _, one := range headers.SplitAddresses(h.Value()) {
				var uri sip.Uri
				params := sip.HeaderParams{}
				_, err := sip.ParseAddressValue(one, &uri, &params)
				party, _ := params.Get("party")
				if err == nil && number.User(&uri) != "" && !strings.EqualFold(party, "called") {
					return number.User(&uri)
				}
			}
		}
	}
	return number.User(&req.From().Address)
}

// wantsPrivacy reports whether the caller asks that its identity be hidden (RFC 3323, section 4.2; RFC 3325, section 9.3).
func wantsPrivacy(req *sip.Request) bool {
	if strings.EqualFold(req.From().Address.Host, "anonymous.invalid") {
		return true
	}
	for h := range headers.Named(req, "Privacy") {
		for value := range strings.SplitSeq(h.Value(), ";") {
			switch strings.ToLower(strings.TrimSpace(value)) {
			case "id", "user", "header":
				return true
			}
		}
	}
	return false
}
