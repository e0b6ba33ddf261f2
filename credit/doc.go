// Package credit reserves money for calls while they run. It knows which account and which limits a call concerns and what it
// costs, asks the ledger, and says what becomes of calls while the ledger does not answer.
package credit
