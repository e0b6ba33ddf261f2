package rating

import (
	"errors"
	"fmt"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// Fee is what a tenant pays beside their calls.
type Fee struct {
	Name    string
	Text    string // The line of the invoice; empty: Name.
	Amount  money.Amount
	OneOff  bool   // Once, in the period in which the tenant or their number came; otherwise in every cycle.
	PerUnit string // What Amount is multiplied by: empty for 1, "number" for each number, or a counter such as seats.
	Classes []string
	Regions []string // With Classes, which numbers are meant; empty: all.
	Free    int64    // So many units cost nothing.
	Unit    int64    // Counter units in one priced unit, begun ones counted whole; 0 means 1.
	Prorate bool     // By the days for which the tenant or their number was there.
	Advance bool     // Billed for the cycle after the period, and not for the period itself.
	// It is due from a moment until another only; zero: unbounded. Fees of one name may follow each other.
	From, Till time.Time
	// When and FreeWhen are conditions at the end of the period: the fee is due only when the one holds, and is waived when
	// the other does. Nil: no condition.
	When     *Condition
	FreeWhen *Condition
}

// perNumber is the PerUnit of a fee for each number.
const perNumber = "number"

func (f *Fee) validate() error {
	switch {
	case f.Free < 0 || f.Unit < 0:
		return errors.New("free and unit must not be negative")
	case !f.From.IsZero() && !f.Till.IsZero() && !f.From.Before(f.Till):
		return errors.New("it ends before it begins")
	case f.OneOff && f.Advance:
		return errors.New("a one-off fee cannot be billed in advance")
	case f.PerUnit != perNumber && (len(f.Classes) > 0 || len(f.Regions) > 0):
		return errors.New("classes and regions are for fees per number")
	}
	return nil
}

// Trial frees a tenant from all fees until its condition holds.
type Trial struct {
	Until  *Condition
	Then   TrialEnd
	Tariff string // The id of the tariff that they are switched to.
}

// TrialEnd is what becomes of a client whose trial has ended.
type TrialEnd string

// The ends. All are told as an event.
const (
	TrialGoesOn TrialEnd = ""       // He pays the tariff's fees from then on.
	TrialNotice TrialEnd = "notice" // The same, and they are told.
	TrialSwitch TrialEnd = "switch" // He goes to another tariff.
	TrialStop   TrialEnd = "stop"   // His account is suspended: no calls that cost anything until somebody resumes it.
)

// ParseTrialEnd reads the text form.
func ParseTrialEnd(s string) (TrialEnd, error) {
	switch end := TrialEnd(s); end {
	case TrialGoesOn, TrialNotice, TrialSwitch, TrialStop:
		return end, nil
	}
	return TrialGoesOn, fmt.Errorf("%q: want notice, switch or stop", s)
}

// Account is what a tenant's fees depend on beside the facts.
type Account struct {
	Zone       *time.Location // In whose days their fees are reckoned; nil: the tariff's.
	Start      time.Time      // When the subscription began.
	End        time.Time      // When it ended; zero: it goes on.
	TrialEnded time.Time      // When the trial was found to have ended; zero: it goes on, if the tariff has one.
}

// zone is what the account's days are reckoned in.
func (a *Account) zone(t *Tariff) *zone {
	c := t.spec.Calendar
	if a.Zone == nil || a.Zone.String() == c.name {
		return &c.zone
	}
	z := newZone(a.Zone)
	return &z
}

// FeeLine is one fee of one billing period.
type FeeLine struct {
	Fee      string
	PerUnit  string // As in Fee.
	Tariff   string // Label of the version that it is of.
	Text     string
	Number   e164.Number // The number that it is for, if it is per number.
	From     time.Time   // The time that it pays for: the cycle, or the part of it in which the fee was due.
	Till     time.Time
	Begin    time.Time // The part of it that is due: in which the tenant, or the number, was there and no trial went on.
	End      time.Time // A one-off fee has no length: it is due on the day on which either came.
	Quantity int64     // Priced units, the free ones not counted.
	Free     int64     // Units that cost nothing.
	Price    money.Amount
	Days     int64 // Of so many days of the cycle, where it is prorated; else equal to CycleDays.
	Cycle    int64
	Amount   money.Amount
	Waived   string // Why nothing is due; empty: it is due.
	Reason   string // A sentence that explains the amount.
	Progress []Progress
}

// TrialState says how a trial stands.
type TrialState struct {
	Active   bool
	Progress []Progress
}

// TrialAt evaluates the tariff's trial at a moment. Without a trial it is not active.
func (t *Tariff) TrialAt(account Account, now time.Time, facts Facts) TrialState {
	if t.spec.Trial == nil || !account.TrialEnded.IsZero() {
		return TrialState{}
	}
	m := moment{zone: account.zone(t), account: account, from: account.Start, till: now, now: now, facts: facts}
	ended, _, progress := t.spec.Trial.Until.met(&m)
	return TrialState{Active: !ended, Progress: progress}
}
