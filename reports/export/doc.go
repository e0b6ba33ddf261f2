// Package export writes tables of any size as CSV for accountants, XLSX with real numbers and dates, Parquet and Arrow. It
// takes them as batches of Arrow records, one after the other, and holds no more than a batch in memory.
package export
