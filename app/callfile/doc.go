// Package callfile reads calls of a file, rates them by a tariff and writes what they cost; it needs no engine.
package callfile
