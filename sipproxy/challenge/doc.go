// Package challenge answers the challenges of others (RFC 3261, section 22; RFC 7616): a carrier may ask who we are at any request, in a
// dialog or outside of one, as a proxy and as the called end, and again when its nonce has become old.
package challenge
