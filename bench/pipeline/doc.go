// Package pipeline measures the way of legs from the stream to the settled ledger and the visible calls, reservations, and
// what a call takes on disk, on the traffic of the demo. Results are in bench/pipeline.md.
package pipeline
