// Package pdf writes reports and invoices as PDF: headings, text and tables that break over pages with their heads repeated,
// in a font that has Latin, Cyrillic, Greek and more (DejaVu Sans Condensed, which is free to embed).
package pdf
