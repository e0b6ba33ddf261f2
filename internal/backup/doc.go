// Package backup is a set of files that one state of all stores is kept in: what is in it, and whether it is whole. What goes into
// it, and how it comes back, is the business of whoever has the stores.
package backup
