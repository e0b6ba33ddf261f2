// Package worker turns recorded legs into charges, once: it reads legs from the stream, prices them, posts them to the
// ledger together with the mark of where it read, and hands the rated legs to the store of calls. It is the only place
// where cdr, rating and ledger meet; README.md says why nothing is lost and nothing counts twice.
package worker
