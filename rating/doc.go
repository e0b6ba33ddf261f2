// Package rating says what a call costs. It holds tariffs and carriers' decks, finds the longest prefix, counts the
// increments, allowances and tiers, and explains the price in sentences. It is pure: no I/O, no clock, no floats, so that
// the same call with the same versions and counters has the same price for ever.
package rating
