// Package money holds amounts, rates per minute and currencies as exact fixed-point integers, and the few operations
// that billing needs on them. Nothing here is ever a float, and an overflow is an error, never a wrong figure.
package money
