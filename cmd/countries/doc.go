// Command countries writes internal/e164/countries.csv, the prefixes by which a number's country is told, as the
// library phonenumbers knows them. Run it from the repository's root:
//
//	go run ./cmd/countries > internal/e164/countries.csv
package main
