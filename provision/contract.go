package provision

import (
	"time"

	"trunkline/internal/clock"
)

// Contract is when a client's contract began, as far as that is known.
type Contract struct {
	Since time.Time // By their billing profile; zero: it does not say.
	SetUp time.Time // When they were set up first.
}

// ContractStart is the moment at which a contract began. A date without a time of day is midnight in the client's own time zone.
func ContractStart(since time.Time, zone *time.Location) time.Time {
	u := since.UTC()
	if u.IsZero() || u.Hour() != 0 || u.Minute() != 0 || u.Second() != 0 {
		return since
	}
	return clock.Midnight(u.Year(), u.Month(), u.Day(), zone)
}

// Since returns when a tenant's contract began, as a call of a moment sees it: what their billing profile says, else when they were set up.
// Zero is long ago: a call from before they were set up, such as one that was imported, says that they were there already.
func (s *Snapshot) Since(tenant string, at time.Time) time.Time {
	c := s.contracts[tenant]
	if !c.Since.IsZero() {
		return ContractStart(c.Since, s.Zone(tenant))
	}
	if c.SetUp.After(at) {
		return time.Time{}
	}
	return c.SetUp
}
