// Package deckfile reads and writes price lists as carriers send them, and says what would change against the deck that is in
// force. Its rooms: sheet gives the rows of a file, heading and columns find out what the columns hold, cell reads a single cell.
// It reads from what it is given and opens nothing itself.
package deckfile
