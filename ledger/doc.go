// Package ledger says what money is here: accounts, postings that always balance, holds for calls in progress, and the
// limits on spending, with their rules. It knows no SQL; the store in sql/postgres makes each rule a constraint too.
package ledger
