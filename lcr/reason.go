package lcr

import "slices"

// Reason is a word for why a gateway was skipped or a call refused. The words are part of the interface.
type Reason string

// The reasons.
const (
	ReasonNoRate      Reason = "no_rate"     // The carrier's deck has no rate for the number at that time.
	ReasonMargin      Reason = "margin"      // The margin would be below what the rule demands.
	ReasonCapacity    Reason = "capacity"    // All channels are in use.
	ReasonCPS         Reason = "cps"         // Calls per second are used up.
	ReasonLocked      Reason = "locked"      // The gateway failed and is locked until its retest.
	ReasonQuality     Reason = "quality"     // ASR, NER, ACD, PDD or the share of short calls is outside the gate.
	ReasonTime        Reason = "time"        // Not at this time of day.
	ReasonBlocked     Reason = "blocked"     // The destination is blocked.
	ReasonMaxPrice    Reason = "max_price"   // Dearer than the client accepts.
	ReasonInactive    Reason = "inactive"    // Switched off.
	ReasonDebt        Reason = "debt"        // The carrier's debt limit is reached.
	ReasonCallerID    Reason = "caller_id"   // The carrier does not accept the caller's number.
	ReasonNoSale      Reason = "no_sale"     // The tenant's tariff has no rate for the number.
	ReasonNoRule      Reason = "no_rule"     // No rule of the route plan matches.
	ReasonCurrency    Reason = "currency"    // No exchange rate between the deck's and the tariff's currency.
	ReasonLimit       Reason = "rank"        // Enough better candidates were found.
	ReasonUnsupported Reason = "unsupported" // The gateway cannot carry this call (codec, transport).
)

// TellsPrices reports whether what is said of the reason tells of prices, costs, margins or debts.
func (r Reason) TellsPrices() bool {
	return slices.Contains([]Reason{ReasonMargin, ReasonMaxPrice, ReasonDebt, ReasonNoSale, ReasonCurrency, ReasonLimit}, r)
}

// code is the Reason of a verdict in one byte. The codes rise with how far on its way through the gates a gateway has come:
// the one that came farthest was the best hope, and its reason is that of a call that nobody takes.
type code uint8

const (
	outranked code = iota + 1
	inactive
	wrongTime
	noRate
	blocked
	callerID
	noExchange
	noSale
	tooDear
	lowMargin
	lowQuality
	inDebt
	locked
	full
	tooFast
)

func (c code) reason() Reason {
	switch c {
	case outranked:
		return ReasonLimit
	case inactive:
		return ReasonInactive
	case wrongTime:
		return ReasonTime
	case noRate:
		return ReasonNoRate
	case blocked:
		return ReasonBlocked
	case callerID:
		return ReasonCallerID
	case noExchange:
		return ReasonCurrency
	case noSale:
		return ReasonNoSale
	case tooDear:
		return ReasonMaxPrice
	case lowMargin:
		return ReasonMargin
	case lowQuality:
		return ReasonQuality
	case inDebt:
		return ReasonDebt
	case locked:
		return ReasonLocked
	case full:
		return ReasonCapacity
	case tooFast:
		return ReasonCPS
	}
	return ""
}
