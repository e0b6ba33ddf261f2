// Package postgres keeps in PostgreSQL what must be exact: accounts, postings, holds and limits, which legs were accounted
// for and up to where, the legs that could not be, and what is provisioned. Its migrations are embedded.
package postgres
