// Package auth tells who sends a request: by digest credentials (RFC 3261, section 22; RFC 7616; RFC 8760), or by the
// source address for trunks and gateways. It challenges whoever does not say.
package auth
