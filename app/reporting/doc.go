// Package reporting keeps answers to questions about calls for a moment, bounds how many are asked at once, and makes the
// files of reports that are mailed.
package reporting
