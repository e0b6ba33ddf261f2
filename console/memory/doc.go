// Package memory is a whole house behind a console, in memory: an operator with two clients, what is provisioned with its revisions, people
// and keys, jobs, and rows of everything that a console shows. It is for tests of the rooms that stand on the console; its rules are those of
// the interfaces of console, and what is random or outside is not there.
package memory
