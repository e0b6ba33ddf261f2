// Package holds knows up to where in the order of the ledger's holds all calls of a proxy are over and recorded: up to there the ledger may
// give back what no record has ended.
package holds
