// Package terminal is what a terminal shows of the console's answers: tables, CSV and JSON, and the texts below them. It asks nobody
// and changes nothing: a command asks, and hands on what it was told.
package terminal
