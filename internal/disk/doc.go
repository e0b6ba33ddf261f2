// Package disk is what Trunkline asks of a file system where it keeps what may not be lost: few operations, each of which may fail or
// come to nothing half way, so that tests and the simulator can stand in for it. It also keeps room aside for the day on which a disk is full.
package disk
