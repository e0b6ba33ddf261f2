// Package alerting measures what the alert rules look at, in the stores of a running system.
package alerting
