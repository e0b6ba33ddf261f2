package invoice

import (
	"errors"
	"strings"
)

// Errors of documents.
var (
	ErrAltered   = errors.New("the document was altered")
	ErrNoInvoice = errors.New("there is no such document")
	ErrCredit    = errors.New("cannot be credited")
	ErrOverlap   = errors.New("a part of the period is on another invoice")
	ErrNoTenant  = errors.New("no such tenant")
	ErrReissue   = errors.New("cannot be issued again")
	ErrSums      = errors.New("the sums differ")
)

// Code is why a period cannot be invoiced. The words are part of the interface.
type Code string

// The codes.
const (
	NotOver  Code = "not_over" // The period still runs.
	LateDue  Code = "late_due" // Calls of it may still come.
	Unrated  Code = "unrated"  // Legs of it could not be rated.
	Waiting  Code = "waiting"  // Batches are posted and not stored yet.
	SumsOff  Code = "sums"     // Calls, ledger and lines differ.
	NoTariff Code = "no_tariff"
	NoTaxID  Code = "no_tax_id" // The buyer owes the tax, and their tax id is not known.
	Fault    Code = "fault"     // Something failed; trying again may help.
)

// Refusal is one reason why a tenant's period is not invoiced.
type Refusal struct {
	Code   Code   `json:"code"`
	Detail string `json:"detail"`
}

// RefusedError is returned when a period is not invoiced, with all reasons.
type RefusedError struct {
	Tenant   string
	Refusals []Refusal
}

func (e *RefusedError) Error() string {
	parts := make([]string, len(e.Refusals))
	for i, r := range e.Refusals {
		parts[i] = r.Detail
	}
	return "tenant " + e.Tenant + " is not invoiced: " + strings.Join(parts, "; ")
}
