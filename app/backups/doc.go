// Package backups writes one consistent set of all stores of a data folder, and makes a data folder of it again.
package backups
