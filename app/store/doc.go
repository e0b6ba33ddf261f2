// Package store opens the databases of a process and makes sure that their schemas are those of this program.
package store
