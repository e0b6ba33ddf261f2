// Package sipproxy places calls. It is a back-to-back user agent: the caller's side and each try at a gateway or phone
// are dialogs of their own, joined by a call that authenticates, routes, reserves money, hunts, ends in time and
// leaves a record of every leg. It is the only room that knows SIP.
package sipproxy
