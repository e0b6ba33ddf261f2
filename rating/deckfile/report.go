package deckfile

import (
	"fmt"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// Limits of a report; what is beyond is only counted.
const (
	MaxFaults = 10_000
	maxNotes  = 100
)

// Fault is what is wrong with one line, and what to do about it.
type Fault struct {
	Line    int    `json:"line"`
	Column  Column `json:"column"` // Empty: the line as a whole.
	Value   string `json:"value"`
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
}

// String returns the fault in one line.
func (f Fault) String() string {
	if f.Column == "" {
		return fmt.Sprintf("line %d %q: %s: %s", f.Line, f.Value, f.Problem, f.Remedy)
	}
	return fmt.Sprintf("line %d, %s %q: %s: %s", f.Line, f.Column, f.Value, f.Problem, f.Remedy)
}

// Note is a line of text within or below the table that is no rate.
type Note struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

// Closure is a rate that the list says ends.
type Closure struct {
	Prefix e164.Prefix `json:"prefix"`
	Origin e164.Prefix `json:"origin"`
	Period string      `json:"period,omitempty"`
	From   time.Time   `json:"from,omitzero"` // From when on it is gone; zero: when the list takes effect.
	Name   string      `json:"name,omitempty"`
	Line   int         `json:"line"`
}

// Report says what reading a file gave.
type Report struct {
	Mapping  Mapping
	Reading  Reading
	Currency money.Currency
	Lines    int // Rows below the header that are not blank and no notes.
	Rates    int // Rates that they gave: a row may have several prefixes.
	Repeated int // Rates that were there already, equal in everything.
	Closed   []Closure
	Notes    []Note // The first of them.
	Noted    int    // All of them.
	Faults   []Fault
	Faulty   int          // Lines with faults, also those whose faults are beyond MaxFaults.
	lines    map[int]bool // The lines with faults.
}

func (r *Report) fault(f Fault) {
	if r.lines == nil {
		r.lines = make(map[int]bool)
	}
	if !r.lines[f.Line] {
		r.lines[f.Line] = true
		r.Faulty++
	}
	if len(r.Faults) < MaxFaults {
		r.Faults = append(r.Faults, f)
	}
}

func (r *Report) note(n Note) {
	r.Noted++
	if len(r.Notes) < maxNotes {
		r.Notes = append(r.Notes, n)
	}
}

// Err returns nil for a file without faults, and otherwise an error that tells the first.
func (r *Report) Err() error {
	if r.Faulty == 0 {
		return nil
	}
	return &FaultyError{First: r.Faults[0], Count: r.Faulty}
}

// FaultyError is the error of a file that is to be taken whole or not at all, and has faults.
type FaultyError struct {
	First Fault
	Count int // Lines with faults.
}

// Error names the first fault and the number of all.
func (e *FaultyError) Error() string { return fmt.Sprintf("%s (%d in all)", e.First, e.Count) }
