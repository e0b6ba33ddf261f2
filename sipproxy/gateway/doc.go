// Package gateway knows where each gateway is reached and whether it works: it resolves names, counts failures, locks a
// gateway that fails too often, and tells which are to be probed. It sends nothing itself.
package gateway
