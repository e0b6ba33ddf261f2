// Package contract asks a ledger and its books for everything that callers rely on, in an order that a seed decides, and
// writes the answers down: two stores that keep one contract write the same.
package contract
