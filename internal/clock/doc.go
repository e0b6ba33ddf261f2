// Package clock gives every other package its time, so that tests can hold, step and replay it.
// It is a leaf: nothing else in the module may read the wall clock.
package clock
