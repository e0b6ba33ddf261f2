// Package cause marks errors by what whoever meets them can do: give other input, or bring the system into another state.
// Rooms mark; the command line makes exit codes of the marks, and the API makes statuses. A mark does not change the text.
package cause

import "errors"

// Kind says what an error asks for.
type Kind int

// The kinds.
const (
	Unknown Kind = iota // Nobody said; it may help to repeat the work.
	Input               // The command line, the configuration or a file is wrong: repeated as it is, it fails again.
	State               // The system is not in the state that the work needs.
	Part                // The work was done, but some of the input could not be used.
)

// marked is an error with its kind.
type marked struct {
	kind Kind
	err  error
}

func (m *marked) Error() string { return m.err.Error() }

func (m *marked) Unwrap() error { return m.err }

// Mark gives err a kind; a nil err stays nil.
func Mark(kind Kind, err error) error {
	if err == nil {
		return nil
	}
	return &marked{kind, err}
}

// Of returns the outermost kind that err was marked with, or Unknown.
func Of(err error) Kind {
	if m, ok := errors.AsType[*marked](err); ok {
		return m.kind
	}
	return Unknown
}
