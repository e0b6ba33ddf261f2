// Package tax says which tax is due on what was served on a day: rates with dates, lines with rates of their own, prices that
// contain the tax, reverse charge, and what is exempt and why. It reckons nothing and knows no documents.
package tax
