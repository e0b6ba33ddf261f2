// Package cell reads the single cells of price lists as people and spreadsheets write them: prices, codes and ranges of codes,
// moments, increments, marks of change, yes and no. What could be read in two ways is said to be so, or is an error.
package cell
