// Package quota deals money, seconds and calls out to calls from portions of accounts that this proxy has drawn from the ledger, so that an ordinary
// call is reserved in memory. Near a limit it deals out nothing: the ledger is asked for each call then.
package quota
