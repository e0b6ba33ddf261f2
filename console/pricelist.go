package console

import (
	"time"

	"trunkline/internal/money"
	"trunkline/provision"
	"trunkline/rating/deckfile"
)

// Bounds beyond which a list is put in force only if somebody says that it is meant.
const (
	ClosingMost = 20 // Percent of the prices in force that a list may end.
	LargeChange = 50 // Percent by which a price may change before there is a warning.
)

// DeckList says how a price list that was sent is to be read and put in force.
type DeckList struct {
	Deck      string
	Tariff    string // Instead of a deck: a tariff, which has exactly one file of prices.
	Upload    string // Id under which the list is kept.
	Answers   deckfile.Answers
	Forget    bool      // How the last list was read says nothing of this one.
	Effective time.Time // Start of rates without a date of their own; zero: now.
	Mode      deckfile.Mode

	Partial       bool // Good lines go in although others are faulty; nothing that the list does not name is closed then.
	Yes           bool // It is meant that the list ends more than ClosingMost percent.
	DropAnnounced bool // An update takes back what was announced for after it.

	Told func(lines int) // Gets how many lines were read so far; nil: nobody waits.
}

// thing is what the list is for.
func (l *DeckList) thing() (provision.Kind, string) {
	if l.Tariff != "" {
		return provision.KindTariff, l.Tariff
	}
	return provision.KindDeck, l.Deck
}

// Page is the page of what the list is for.
func (l *DeckList) Page() string {
	kind, id := l.thing()
	return "/" + string(kind) + "s/" + id
}

// Comparison is what a price list would change: exactly what putting it in force does, at every moment from now on.
type Comparison struct {
	Deck      string             `json:"deck,omitempty"`
	Tariff    string             `json:"tariff,omitempty"`
	Upload    string             `json:"upload"`
	Name      string             `json:"name"` // Of the file.
	Effective time.Time          `json:"effective"`
	Mode      deckfile.Mode      `json:"mode"`
	Lines     int                `json:"lines"`
	Summary   deckfile.Summary   `json:"summary"`
	Changes   []RateChange       `json:"changes"` // Without the same ones; the first thousand.
	Warnings  []deckfile.Warning `json:"warnings"`
	Faulty    int                `json:"faulty"` // Lines with faults.
	Faults    []deckfile.Fault   `json:"faults"` // The first hundred.
	Notes     []deckfile.Note    `json:"notes"`  // Lines of text that are no rates; the first hundred.
	Reading   *deckfile.Reading  `json:"reading"`
	Mapping   *deckfile.Mapping  `json:"mapping"`
	Refused   string             `json:"refused,omitempty"` // Why it cannot be put in force like this; empty: it can.
	Closing   int                `json:"closing"`           // Percent of the prices in force that would end.
}

// RateChange is one rate before and after a moment.
type RateChange struct {
	Kind        deckfile.Kind `json:"kind"`
	Prefix      string        `json:"prefix"`
	Destination string        `json:"destination"`
	Old         *money.Rate   `json:"old,omitempty"` // Per minute.
	New         *money.Rate   `json:"new,omitempty"`
	OldTerms    string        `json:"old_terms,omitempty"` // Steps and fees.
	NewTerms    string        `json:"new_terms,omitempty"`
	From        time.Time     `json:"from,omitzero"`
}

const (
	changesMost = 1000
	faultsMost  = 100
)

func rateChange(c deckfile.Change) RateChange {
	out := RateChange{Kind: c.Kind, Prefix: c.Prefix.Digits(), Destination: c.Destination(), From: c.At}
	if c.Old != nil {
		out.Old, out.OldTerms = &c.Old.PerMinute, deckfile.TermsText(c.Old)
	}
	if c.New != nil {
		out.New, out.NewTerms = &c.New.PerMinute, deckfile.TermsText(c.New)
	}
	return out
}
