// Package rest is made from openapi.yaml by `make generate`: the requests and answers of the API, and the interface that
// serves them. Nothing in it is written by hand.
package rest
