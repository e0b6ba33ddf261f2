package invoice

import (
	"errors"
	"fmt"
	"time"
)

// ErrState is returned, wrapped, for a change of state that makes no sense.
var ErrState = errors.New("the state does not allow it")

// State is how far an issued document has come. The words are stored, but for Overdue, which follows from the date.
type State string

// The states.
const (
	StateDraft    State = "draft"
	StateIssued   State = "issued"
	StateSent     State = "sent"
	StatePaid     State = "paid"
	StateOverdue  State = "overdue"  // Issued or sent, and not paid on the day after it was due.
	StateCredited State = "credited" // Taken back as a whole by a credit note.
)

// At returns the state as it is told at a moment.
func (s State) At(due, now time.Time) State {
	if (s == StateIssued || s == StateSent) && !due.IsZero() && now.After(due.AddDate(0, 0, 1)) {
		return StateOverdue
	}
	return s
}

// Check reports whether a document may go on to another state.
func (s State) Check(next State) error {
	ok := false
	switch next {
	case StateSent:
		ok = s == StateIssued
	case StatePaid:
		ok = s == StateIssued || s == StateSent
	case StateIssued: // A payment was booked on the wrong document.
		ok = s == StatePaid || s == StateSent
	case StateCredited:
		ok = s == StateIssued || s == StateSent || s == StatePaid
	case StateDraft, StateOverdue:
	}
	if !ok {
		return fmt.Errorf("%w: from %s to %s", ErrState, s, next)
	}
	return nil
}
