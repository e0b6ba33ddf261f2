package sipproxy

// attemptState is how far an attempt has come.
//
//	preparing -> inviting -> answered -> settled
//	    |            |
//	    +------------+-> abandoned ----> settled
//
// A refusal settles an attempt at once. A 2xx that crosses our CANCEL keeps it abandoned until our BYE is answered (RFC 3261,
// section 9.1).
type attemptState uint8

const (
	attemptPreparing   attemptState = iota + 1 // The media relay is asked before the INVITE is sent.
	attemptInviting                            // The INVITE is sent, and its final answer is wanted.
	attemptAnswered                            // It has taken the call.
	attemptAbandoned                           // It is not wanted any more; its final answer is awaited.
	attemptInterrupted                         // Its final answer was awaited when the process ended.
	attemptSettled                             // Nothing more will come.
)

// underway reports whether the attempt may still take the call.
func (s attemptState) underway() bool {
	switch s {
	case attemptPreparing, attemptInviting:
		return true
	case attemptAnswered, attemptAbandoned, attemptInterrupted, attemptSettled:
		return false
	}
	return false
}

// settled reports whether the record of the attempt need not wait for anything.
func (s attemptState) settled() bool {
	switch s {
	case attemptInterrupted, attemptSettled:
		return true
	case attemptPreparing, attemptInviting, attemptAnswered, attemptAbandoned:
		return false
	}
	return false
}
