// Package callflow remembers the SIP messages of the last calls, within a bound of memory, so that the call flow of a call
// can be looked at while it runs and for some time after it. It knows no SIP: messages are bytes with a Call-ID.
package callflow
