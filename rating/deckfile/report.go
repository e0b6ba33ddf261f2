package deckfile

import (
	"fmt"

	"trunkline/internal/money"
)

// MaxFaults bounds the faults that a report keeps; the rest is only counted.
const MaxFaults = 10_000

// Fault is what is wrong with one line, and what to do about it.
type Fault struct {
	Line    int    `json:"line"`
	Column  Column `json:"column"`
	Value   string `json:"value"`
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
}

// String returns the fault in one line.
func (f Fault) String() string {
	return fmt.Sprintf("line %d, %s %q: %s: %s", f.Line, f.Column, f.Value, f.Problem, f.Remedy)
}

// Report says what reading a file gave.
type Report struct {
	Mapping  Mapping
	Currency money.Currency
	Lines    int // Rows below the header that are not blank.
	Rates    int // Rates that they gave: a row may have several prefixes.
	Repeated int // Rates that were there already, equal in everything.
	Faults   []Fault
	Faulty   int // All faults, also those beyond MaxFaults.
}

func (r *Report) fault(f Fault) {
	r.Faulty++
	if len(r.Faults) < MaxFaults {
		r.Faults = append(r.Faults, f)
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
	Count int
}

// Error names the first fault and the number of all.
func (e *FaultyError) Error() string { return fmt.Sprintf("%s (%d in all)", e.First, e.Count) }
