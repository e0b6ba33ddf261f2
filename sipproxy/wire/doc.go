// Package wire moves SIP messages over UDP, TCP, TLS and WebSockets: it opens the listeners, cuts and parses what arrives, and
// knows for every message the Flow on which an answer goes back. It has no transactions and no dialogs.
package wire
