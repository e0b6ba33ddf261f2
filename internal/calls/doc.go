// Package calls holds what every room says of a call in the same words: the id that names it and the direction that it
// runs in. It is a leaf.
package calls
