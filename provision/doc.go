// Package provision holds what an operator sets up: carriers, gateways and decks; tenants with branches, extensions
// and numbers; dial plans, route plans, tariffs and limits. It checks them as a whole and makes of them the immutable
// snapshot that calls are rated by, and that package routing reads.
package provision
