package quota

import (
	"time"

	"trunkline/internal/money"
	"trunkline/ledger"
)

const (
	// window is over how many looks, from one Tend to the next, demand is summed.
	window = 8
	// ahead is how many times that is to be at hand.
	ahead = 2
	// afterRefusal is how long the ledger is not asked for quotas that it has refused.
	afterRefusal = 5 * time.Second
)

// demand is what calls of a scope ask for.
type demand struct {
	scope *Scope
	ring  [window]ledger.Use
	at    int
	pause time.Duration // No quota is asked for before.
}

func (d *demand) add(u ledger.Use) {
	if sum, err := d.ring[d.at].Add(u); err == nil {
		d.ring[d.at] = sum
	}
}

// next begins another part of the window.
func (d *demand) next() {
	d.at = (d.at + 1) % window
	d.ring[d.at] = ledger.Use{}
}

// sum is what was asked for within the window.
func (d *demand) sum() ledger.Use {
	var sum ledger.Use
	for _, u := range d.ring {
		if more, err := sum.Add(u); err == nil {
			sum = more
		}
	}
	return sum
}

// wanted is what is to be drawn to have enough at hand beside what is free, and the least that is of use; false: there is enough.
func wanted(need, free ledger.Use, least int64) (more, atLeast ledger.Use, want bool) {
	if free.Covers(need) {
		return more, atLeast, false
	}
	more = ledger.Use{
		Money:   money.FromMicros(max(0, ahead*need.Money.Micros()-free.Money.Micros())),
		Seconds: max(1, ahead*need.Seconds-free.Seconds), Calls: max(1, ahead*need.Calls-free.Calls),
	}
	atLeast = ledger.Use{Money: money.FromMicros(least * need.Money.Micros() / max(1, need.Calls)), Seconds: least * need.Seconds / max(1, need.Calls), Calls: least}
	if more.Money.Less(atLeast.Money) {
		atLeast.Money = more.Money
	}
	atLeast.Seconds, atLeast.Calls = min(atLeast.Seconds, more.Seconds), min(atLeast.Calls, more.Calls)
	return more, atLeast, true
}
