// Package e164 holds international telephone numbers and prefixes of them as values of their own.
// A Number is what ITU-T E.164 allows: up to fifteen digits that begin with a country code.
package e164
