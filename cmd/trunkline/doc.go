// Command trunkline is the whole engine in one binary: `trunkline serve` runs every part of it, the other commands
// run a part alone or ask it something. Run `trunkline --help`.
package main
