package invoice

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/internal/money"
	"trunkline/ledger"
	"trunkline/reports"
	"trunkline/reports/invoice/tax"
)

// Kind is the kind of a document. The words are stored.
type Kind string

// The kinds.
const (
	KindInvoice    Kind = "invoice"
	KindCreditNote Kind = "credit_note"
)

// LineKind is what a line is for.
type LineKind string

// The kinds of a line.
const (
	UsageLine    LineKind = "usage"
	FeeLine      LineKind = "fee"
	RoundingLine LineKind = "rounding"
	TaxLine      LineKind = "tax"    // On top of the rest; a tax that the prices contain has no line.
	CreditLine   LineKind = "credit" // Of a credit note.
)

// Line is one line of a document.
type Line struct {
	Kind     LineKind              `json:"kind"`
	Key      string                `json:"key"` // Stable within the document.
	Column   reports.Column        `json:"column"`
	Text     string                `json:"text"`
	Number   string                `json:"number,omitempty"` // The telephone number that it is for.
	From     time.Time             `json:"from,omitzero"`    // The time that it pays for.
	Till     time.Time             `json:"till,omitzero"`
	Quantity int64                 `json:"quantity,omitempty"`
	Free     int64                 `json:"free,omitempty"`
	Price    *money.Amount         `json:"price,omitempty"`
	Calls    int64                 `json:"calls,omitempty"`
	Seconds  int64                 `json:"billed_seconds,omitempty"`
	Covered  int64                 `json:"covered_seconds,omitempty"` // Paid by allowances.
	Amount   money.Amount          `json:"amount"`
	Reason   string                `json:"reason,omitempty"` // How the amount came about.
	Waived   string                `json:"waived,omitempty"` // Why nothing is due.
	Shares   []reports.BranchShare `json:"shares"`           // What each branch bears; they add up to the amount.
	// TaxCategory and TaxPercent say how the line is taxed.
	TaxCategory tax.Category `json:"tax_category,omitempty"`
	TaxPercent  string       `json:"tax_percent,omitempty"`

	fee    string  // Of a draft: the name of the fee,
	served served  // the time that it was served in,
	due    tax.Due // and its tax.
}

// Document is an invoice or a credit note as data. Issued ones never change.
type Document struct {
	Kind     Kind           `json:"kind"`
	Number   string         `json:"number,omitempty"` // Empty: a draft.
	Tenant   string         `json:"tenant"`
	Period   Period         `json:"period"`
	Currency money.Currency `json:"currency"`
	Issued   time.Time      `json:"issued,omitzero"`
	Due      time.Time      `json:"due,omitzero"`
	Credits  string         `json:"credits,omitempty"` // Credit note: the number of the invoice.
	// Replaces is the number of the invoice whose place this one takes, after it was credited as a whole. GivenBack is what that one
	// had charged for calls: the credit note gave it back, so it is charged with this document.
	Replaces  string       `json:"replaces,omitempty"`
	GivenBack money.Amount `json:"given_back,omitzero"`
	Reason    string       `json:"reason,omitempty"` // Credit note: why.
	Tariff    string       `json:"tariff,omitempty"`
	Language  string       `json:"language"`
	Seller    Party        `json:"seller"`
	Buyer     Party        `json:"buyer"`
	TaxName   string       `json:"tax_name,omitempty"`
	TaxRate   string       `json:"tax_percent,omitempty"` // Where there is one.
	Inclusive bool         `json:"tax_inclusive,omitempty"`
	Taxes     []TaxPart    `json:"taxes,omitempty"` // Each with what it is reckoned on.
	Lines     []Line       `json:"lines"`
	Usage     money.Amount `json:"usage"` // Sum of the usage lines, to the last place.
	Net       money.Amount `json:"net"`   // Without tax.
	Tax       money.Amount `json:"tax"`
	Total     money.Amount `json:"total"` // In whole coins; the sum of all lines.
	Branches  []BranchName `json:"branches"`
	Previous  string       `json:"previous_hash,omitempty"` // Of the document before it in the series.

	matches matches // Of a draft.
}

// BranchName is a branch as it was called.
type BranchName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Seal returns the document's bytes, by which it is kept, and their hash. The hash of the document before it in the series
// is in the document, so that none can be changed or taken out unseen.
func (d *Document) Seal() (text []byte, hash string, err error) {
	text, err = json.Marshal(d)
	if err != nil {
		return nil, "", fmt.Errorf("write document %s: %w", d.Number, err)
	}
	sum := sha256.Sum256(text)
	return text, hex.EncodeToString(sum[:]), nil
}

// Open reads what Seal wrote, and checks its hash.
func Open(text []byte, hash string) (*Document, error) {
	sum := sha256.Sum256(text)
	if hex.EncodeToString(sum[:]) != hash {
		return nil, fmt.Errorf("%w: its text does not have the hash %s", ErrAltered, hash)
	}
	var d Document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	return &d, nil
}

// Empty reports whether there is nothing to invoice: no line has an amount.
func (d *Document) Empty() bool {
	for i := range d.Lines {
		if !d.Lines[i].Amount.IsZero() {
			return false
		}
	}
	return true
}

// branchName is how a branch was called.
func (d *Document) branchName(id string) string {
	for _, b := range d.Branches {
		if b.ID == id {
			return b.Name
		}
	}
	return id
}

// Charges returns the lines as the expense report takes them.
func (d *Document) Charges() []reports.Charge {
	out := make([]reports.Charge, 0, len(d.Lines))
	for i := range d.Lines {
		l := &d.Lines[i]
		out = append(out, reports.Charge{Column: l.Column, Text: l.Text, Amount: l.Amount, Shares: l.Shares})
	}
	return out
}

// borne is what each branch bears of the lines that count, in the order of the branches' ids; below zero is nothing.
func (d *Document) borne(counts func(*Line) bool) ([]reports.BranchWeight, error) {
	sums := make(map[string]money.Amount)
	for i := range d.Lines {
		l := &d.Lines[i]
		if !counts(l) {
			continue
		}
		for _, s := range l.Shares {
			var err error
			if sums[s.Branch], err = sums[s.Branch].Add(s.Amount); err != nil {
				return nil, err
			}
		}
	}
	out := make([]reports.BranchWeight, 0, len(sums))
	for _, id := range slices.Sorted(maps.Keys(sums)) {
		out = append(out, reports.BranchWeight{Branch: id, Seconds: max(0, sums[id].Micros())})
	}
	return out, nil
}

// Entries returns what the document adds to the ledger: all lines but those of usage, which is posted as it happens. They
// count in the last quarter of an hour of the period, and have keys that make each be posted once. A document that takes the
// place of another charges what the credit note gave back of its calls.
func (d *Document) Entries() []ledger.Entry {
	var out []ledger.Entry
	for i := range d.Lines {
		if l := &d.Lines[i]; l.Kind != UsageLine && !l.Amount.IsZero() {
			out = append(out, d.entry(l.Key, l.Amount, l.Text))
		}
	}
	if !d.GivenBack.IsZero() {
		out = append(out, d.entry("given-back", d.GivenBack, words(d.Language).givenBack+" "+d.Replaces))
	}
	return out
}

// entry charges an amount. Its key names the document by what there can be only one of.
func (d *Document) entry(key string, amount money.Amount, text string) ledger.Entry {
	e := ledger.Entry{
		Account: ledger.Tenant(d.Tenant, d.Currency), Purpose: ledger.Charge, Amount: amount.Neg(), At: d.Period.Till.Add(-ledger.SlotLength),
		Key: "invoice/" + d.Tenant + "/" + d.Period.Label + "/" + key, Reason: text,
	}
	switch {
	case d.Kind == KindCreditNote:
		e.Key, e.At = "credit/"+d.Number+"/"+key, d.Issued.Truncate(ledger.SlotLength)
	case d.Replaces != "":
		e.Key = "invoice/" + d.Tenant + "/" + d.Period.Label + "/for/" + d.Replaces + "/" + key
	}
	return e
}

// Series is the name of the series that a number is taken from at a moment.
func (n Numbering) Series(at time.Time) string {
	return strings.ReplaceAll(n.Prefix, "{year}", strconv.Itoa(at.Year()))
}

// Format writes the number of a document.
func (n Numbering) Format(at time.Time, serial int64) string {
	return fmt.Sprintf("%s%0*d", n.Series(at), n.Width, serial)
}
