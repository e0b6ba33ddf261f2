// Package reports turns rated legs into what people ask for: statistics, the expense report of every branch, exports.
// It asks its store through an interface and computes in fixed point; every report foots to the ledger.
package reports
