// Package node keeps the identity of a process in its data folder: made once, with a list of its lives, so that the ledger can tell a process that
// comes back from another one that has its name, and from a copy of its folder.
package node
