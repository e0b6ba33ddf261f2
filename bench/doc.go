// Package bench measures whole paths against the real engines. Its results, with how to repeat them, stand in the .md files
// beside it.
package bench
