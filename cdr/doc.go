// Package cdr says what happened: a Leg is one side of a call as the switch saw it, a Record is a leg with its price.
// It also owns the versioned codec of both, the spool on the proxy's disk and the readers of foreign call records.
package cdr
