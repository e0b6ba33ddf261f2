// Package spool keeps the legs of calls that are over on the proxy's own disk until the stream has them: what Record has
// answered to survives the death of the process and of the machine, and a stream that is away for hours.
package spool
