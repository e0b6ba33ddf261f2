// Package release tells the ledger which calls are over, so that the channels that they took are free again.
package release
