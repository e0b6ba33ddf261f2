// Package ratesheet writes prices for those who pay them: a client's rate sheet or a partner's deck, as CSV or XLSX, with the
// columns, headings, signs and dates that the receiver wants, whole or with what has changed since a day.
package ratesheet
