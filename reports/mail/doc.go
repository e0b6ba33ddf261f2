// Package mail sends reports by mail on a schedule: each when it is due in its time zone, again when it could not be sent, and
// with the same message id when it is sent again, so that mail servers can tell.
package mail
