// Package rerate prices calls again, by the tariffs of now, in one step an account, and takes that back; it also rates what could
// not be rated and brings ledger and store of calls into agreement.
package rerate
