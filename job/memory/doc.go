// Package memory keeps jobs and their results in memory, by the rules of job.Book. It is for tests and for what is over with the process.
package memory
