// Package app is the running system: it starts the engines and the parts of a process in their order, gives each what it needs,
// and stops them in the order in which work flows. Commands and tests start it with Start; what a part does is in the room of its own.
package app
