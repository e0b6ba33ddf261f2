// Package memory keeps people, sessions, keys, links, views and the log of what was done in memory, by the rules of the interfaces of access.
// It is for tests and for what is over with the process. What the database refuses is refused here.
package memory
