package provision

import "fmt"

// Setting is what somebody sets at their phone.
type Setting struct {
	Forward string // The way of forwarding, such as DoForwardBusy.
	To      string // What is dialled then; empty: nothing any more.
}

// SetForward sets one way of forwarding of the extension, and leaves the others as they are.
func (e *Extension) SetForward(set Setting) error {
	f := Forward{}
	if e.Forward != nil {
		f = *e.Forward
	}
	switch set.Forward {
	case DoForwardAlways:
		f.Always = set.To
	case DoForwardBusy:
		f.Busy = set.To
	case DoForwardNoAnswer:
		f.NoAnswer = set.To
	case DoForwardUnavailable:
		f.Unavailable = set.To
	default:
		return fmt.Errorf("%q is no way of forwarding", set.Forward)
	}
	e.Forward = &f
	if f.Always == "" && f.Busy == "" && f.NoAnswer == "" && f.Unavailable == "" {
		e.Forward = nil
	}
	return nil
}
