//go:build !linux

package clock

import "time"

//nolint:gochecknoglobals // The moment that Elapsed counts from.
var begun = time.Now()

// Elapsed is the time since the process began.
func (System) Elapsed() time.Duration { return time.Since(begun) }

// Boot is not known.
func (System) Boot() string { return "" }
