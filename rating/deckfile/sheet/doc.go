// Package sheet gives the rows of a file with a table: CSV in any encoding and with any separator, XLSX, a table of HTML, or an
// archive with one of them. It streams: a list of a million lines needs no more memory than a short one. What unpacks beyond
// reason is refused before it is unpacked. It does not know what the columns mean.
package sheet
