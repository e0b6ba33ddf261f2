package console

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"time"

	"trunkline/access"
)

// SIPLock is a source, or one login from it, that is refused for a while because of wrong passwords.
type SIPLock struct {
	Source   string    `json:"source" access:"open"`
	Login    string    `json:"login,omitempty" access:"open"` // Empty: every login that was not proven from there.
	Failures int       `json:"failures" access:"open"`        // That made it.
	Since    time.Time `json:"since" access:"open"`
	Until    time.Time `json:"until" access:"open"`
}

// SIPLocks returns the locks of this process.
func (c *Console) SIPLocks(_ context.Context, who *access.Principal) ([]SIPLock, error) {
	if err := may(who, access.ReadOverview); err != nil {
		return nil, err
	}
	if c.d.Switch == nil {
		return []SIPLock{}, nil
	}
	return c.d.Switch.Locks(), nil
}

// LiftSIPLock lifts the lock of a login from a source, or without a login all of the source.
func (c *Console) LiftSIPLock(ctx context.Context, who *access.Principal, source, login string) error {
	if err := may(who, access.DropCalls); err != nil {
		return err
	}
	addr, err := netip.ParseAddr(source)
	if err != nil {
		return invalid("source: %q is no address", source)
	}
	if c.d.Switch == nil || c.d.Switch.Unlock(addr, login) == 0 {
		return fmt.Errorf("%w: nothing of %s is locked here", ErrNotFound, addr)
	}
	return c.log(ctx, who, access.AuditEvent{Action: "unlock", Object: "SIP source " + addr.String(), After: cmp.Or(login, "all logins")})
}
