// Package callstate is what the journal keeps of calls in progress over a restart: the keys of its entries and their
// content, in CBOR with numbered fields. Numbers are never used again for something else, so that a newer proxy reads what
// an older one wrote.
package callstate
