package store

import (
	"fmt"
	"time"

	"trunkline/provision"
)

// ZoneFor is the zone that was named, or the tenant's, or UTC.
func ZoneFor(s *provision.Snapshot, tenant, zone string) (*time.Location, error) {
	if tenant != "" {
		t, ok := s.Tenant(tenant)
		if !ok {
			return nil, fmt.Errorf("there is no tenant %q", tenant)
		}
		if zone == "" {
			zone = t.TimeZone
		}
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("--zone: %w", err)
	}
	return location, nil
}
