// Package sim runs worlds that are made up from a seed: tenants, calls, crashes, redeliveries, clock steps and outages
// against the real rules of the ledger, rating and the worker, in virtual time and on one goroutine, so that a seed replays
// exactly. After each step and at the end it checks what must always hold.
package sim
