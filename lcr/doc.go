// Package lcr decides by which gateways a call may leave the house, in what order, and says why; and what the answer of a
// gateway means to the hunting over them. It computes on an immutable snapshot: no input or output, no clock, no SIP.
package lcr
