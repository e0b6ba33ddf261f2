package main

import (
	"os/user"
)

// operator names who runs the command, for the logs of what was changed.
func operator() string {
	if u, err := user.Current(); err == nil {
		return "cli:" + u.Username
	}
	return "cli:unknown"
}
