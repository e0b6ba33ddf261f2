package smdr

import "fmt"

// Proof says what a description rests on: the best of it that the tests of the format hold.
type Proof string

// The proofs, the strongest first.
const (
	Field    Proof = "field"    // Records that a system in the field wrote.
	Sample   Proof = "sample"   // Records that the vendor printed as an example.
	ByLayout Proof = "layout"   // The vendor's table of the layout, or the source of a program that reads it; the values in the tests are made up.
	Unproven Proof = "unproven" // No public document of the layout was found.
)

// check accepts no proof at all: a description of somebody's own needs none.
func (p Proof) check() error {
	switch p {
	case "", Field, Sample, ByLayout, Unproven:
		return nil
	}
	return fmt.Errorf("%w: proof is %q: use field, sample, layout or unproven", ErrDescription, p)
}
