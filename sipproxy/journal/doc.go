// Package journal keeps what must outlive a process that is killed: keys and values, few enough to be in memory, each change of which
// is in a file when Write returns. Damage to a file costs the entries that were hit; a disk that is full costs nothing, as what could not be
// written is written as soon as there is room.
package journal
