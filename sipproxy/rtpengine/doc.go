// Package rtpengine asks media relays (rtpengine) to stand between the two ends of a call: it speaks their control protocol,
// picks an engine that answers, and goes to the next one when one does not. It knows no SIP.
package rtpengine
