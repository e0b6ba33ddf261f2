// Package retention ends the life of records: how long each kind is kept, archives of what goes, legal holds that nothing passes, and
// the erasure of a person's number. It asks stores through interfaces. Amounts of money, postings, invoices and sums by hour and day are
// not among its kinds.
package retention
