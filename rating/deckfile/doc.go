// Package deckfile reads and writes price lists as carriers send them: CSV in any encoding and with any delimiter, and XLSX.
// It guesses the columns, expands prefixes, understands dates and decimal commas, reports what is wrong line by line, and
// says what would change against the deck that is in force. It reads from what it is given and opens nothing itself.
package deckfile
