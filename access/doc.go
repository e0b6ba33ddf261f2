// Package access says who may see and do what: people with their roles, sign-in with a password and a second factor,
// sessions, keys of programs, links sent by mail. It stores nothing itself and knows no HTTP.
package access
