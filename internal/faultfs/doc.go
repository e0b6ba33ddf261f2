// Package faultfs is a disk in memory that misbehaves as told: it runs full, cuts writes short, flips bits, loses what was not synced
// when its machine dies, and says that it has synced what it has not. Tests and the simulator use it in the place of the machine's own.
package faultfs
