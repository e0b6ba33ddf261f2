// Package ladder remembers the SIP messages of the last calls, within a bound of memory, so that what was said in a call
// can be looked at while it runs and for some time after it. It knows no SIP: messages are bytes with a Call-ID.
package ladder
