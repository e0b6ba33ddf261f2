// Package doctor compares what the stores have of the same calls, and looks for all that an operator has to deal with.
package doctor
