// Command demodecks writes the demo's decks: the prefixes and names of the world's numbering plans, as the library
// phonenumbers knows them, with prices that are made up from a fixed seed. Run it from the repository's root:
//
//	go run ./cmd/demodecks
package main
