// Package invoice closes billing periods: it turns what a tenant used and owes for a period into a document, refuses to issue
// it while the rated calls, the ledger's postings and the lines differ, and writes it as PDF and XLSX.
package invoice
