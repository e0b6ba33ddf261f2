// Package pricing gives the worker the prices of one compiled provisioning, as of the moment of each call.
package pricing
