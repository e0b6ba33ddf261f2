package main

import (
	"time"
)

func till(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

const monthFormat = "2006-01"
