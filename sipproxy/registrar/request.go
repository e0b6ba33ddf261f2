package registrar

import (
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/routing"
	"trunkline/sipproxy/headers"
	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

// registration is a REGISTER that is being taken.
type registration struct {
	req   *sip.Request
	flow  wire.Flow
	tx    *txn.Server
	phone routing.Caller
	login string
	now   time.Time
	path  []string
	route []sip.Uri
	ob    bool // A way of RFC 5626 was registered.
}

// readPath reads the way to the phone. A phone that does not know of it cannot tell whether it likes it, so that it is refused
// (RFC 3327, section 5.3).
func (r *registration) readPath() bool {
	var err error
	r.path, r.route, err = pathOf(r.req)
	switch {
	case err != nil, len(r.path) > MaxPath:
		r.tx.Reply(sip.StatusBadRequest, "Bad Path")
		return false
	case len(r.path) > 0 && !r.supports(PathOption):
		r.tx.Reply(sip.StatusBadExtension, "Bad Extension", sip.NewHeader("Unsupported", PathOption))
		return false
	}
	return true
}

func (r *registration) supports(option string) bool {
	return headers.HasOption(r.req, "Supported", option) || headers.HasOption(r.req, "k", option) || headers.HasOption(r.req, "Require", option)
}

// oneWay refuses a REGISTER that wants to be several ways at once (RFC 5626, section 6).
func (r *registration) oneWay() bool {
	ways := 0
	for h := range headers.Named(r.req, "Contact") {
		if c, ok := h.(*sip.ContactHeader); ok && c.Params.Has("reg-id") {
			ways++
		}
	}
	if ways > 1 {
		r.tx.Reply(sip.StatusBadRequest, "One reg-id Only")
		return false
	}
	return true
}

// keepsWays reads of which phone a contact is, and which of its ways; false: it does not keep ways open (RFC 5626, section 6).
func (r *registration) keepsWays(c *sip.ContactHeader) (instance string, regID uint32, ok bool) {
	instance, _ = c.Params.Get("+sip.instance")
	text, _ := c.Params.Get("reg-id")
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	return instance, uint32(n), err == nil && n > 0 && instance != "" && r.supports(OutboundOption)
}

// firstHopKnows reports whether whoever the phone is connected with keeps its ways: us, or the proxy that says so in the Path.
func (r *registration) firstHopKnows() bool {
	if len(r.req.GetHeaders("Via")) == 1 {
		return true
	}
	n := len(r.route)
	return n > 0 && r.route[n-1].UriParams.Has("ob")
}

// pathOf reads the Path of a REGISTER, in order (RFC 3327, section 4).
func pathOf(req *sip.Request) (texts []string, uris []sip.Uri, err error) {
	for _, h := range req.GetHeaders("Path") {
		for _, one := range headers.SplitAddresses(h.Value()) {
			var uri sip.Uri
			if _, err := sip.ParseAddressValue(one, &uri, &sip.HeaderParams{}); err != nil {
				return nil, nil, err
			}
			texts, uris = append(texts, uri.String()), append(uris, uri)
		}
	}
	return texts, uris, nil
}
