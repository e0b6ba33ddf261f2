package routing

import (
	"net/netip"
	"slices"

	"trunkline/provision"
)

// CallerKind tells by what a caller was known.
type CallerKind uint8

// The kinds of caller.
const (
	CallerExtension CallerKind = 1 // A phone that authenticated with its login.
	CallerTrunk     CallerKind = 2 // A tenant's own switch, known by its address.
	CallerGateway   CallerKind = 3 // A carrier's gateway, known by its address: an inbound call.
)

// Caller is whoever sends an INVITE or REGISTER to this proxy.
type Caller struct {
	Kind      CallerKind
	Tenant    string
	Branch    string
	Extension string
	Login     string
	Gateway   string
	Carrier   string
	Trunk     string // Of the tenant, when Kind is CallerTrunk.
	Private   bool   // The caller asked that its number be hidden (RFC 3323).
	Media     string // provision.MediaDirect, provision.MediaRelay or empty.
	AnyFrom   bool   // May show any number as its own, not only those of its tenant.
	HA1MD5    string // Lower-case hex; see provision.Extension.
	HA1SHA256 string

	Form     *provision.Form `cbor:"-" json:"-"` // How a gateway or trunk wants to be spoken to; nil: an extension.
	Networks []netip.Prefix  // Where it may register and call from; empty: anywhere.
	Contacts []netip.Prefix  // Where it may be reached beside where it speaks from.
}

// MayBeAt reports whether the caller may register and call from an address.
func (c *Caller) MayBeAt(addr netip.Addr) bool {
	return len(c.Networks) == 0 || slices.ContainsFunc(c.Networks, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) })
}
