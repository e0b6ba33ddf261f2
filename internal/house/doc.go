// Package house holds the rules of the tree as tests: who may import whom, that every package says what it is, that
// files stay short. It has no code of its own.
package house
