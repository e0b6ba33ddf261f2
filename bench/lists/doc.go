// Package lists measures how fast price lists of a million lines are read, and in how much memory, beside pandas and DuckDB with the
// same files. See bench/lists.md for figures.
package lists
