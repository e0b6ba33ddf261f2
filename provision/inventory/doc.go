// Package inventory knows the telephone numbers that the house has, whoever they are assigned to: their state, where they come
// from and what they cost. Which client a number leads to is said by what is provisioned, and goes before what stands here.
package inventory
