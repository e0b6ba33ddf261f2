package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/reports/traffic"
	"trunkline/routing"
)

// What a request fails with, wrapped. All else is a fault of ours, and nothing of it is told.
var (
	ErrForbidden = errors.New("not allowed")
	ErrNotFound  = errors.New("not found")
	ErrConflict  = errors.New("changed meanwhile")
	ErrInvalid   = errors.New("not valid")
)

// Console does what people ask for. It is safe for concurrent use.
type Console struct {
	d Deps
}

// Deps are what a Console works with. Those that are nil are answered with ErrNotFound.
type Deps struct {
	Gate      *access.Gate
	AuditLog  access.AuditLog
	Setup     Setup
	Shelf     Shelf
	Snapshot  func() *provision.Snapshot // What is in force.
	Routes    func() *routing.Table      // What calls are routed by, which is made of what is in force.
	Records   Records
	Figures   Figures
	Lines     traffic.Store
	Switch    Switch
	System    System
	Money     Money
	Limits    Limits
	Books     Books
	Rerating  Rerating
	Nodes     Nodes
	Profiles  Profiles
	Incidents Incidents
	Exchange  Exchange
	Schedules Schedules
	Archive   Archive
	Retention Retention
	History   History
	Billing   Billing
	Charges   ChargeBook
	Alerts    Alerts
	Dead      DeadLegs
	Imports   Imports
	Uploads   Uploads
	Inventory Inventory
	Views     Views
	Desk      Desk
	Jobs      Jobs
	Post      Post                      // Nil: no mail can go out.
	Link      func(token string) string // The address at which a user chooses their password.
	Log       *slog.Logger
	Clock     clock.Clock
}

// New returns a console.
func New(d Deps) *Console { return &Console{d} }

// may is where permissions are enforced.
func may(who *access.Principal, p access.Permission) error {
	if who.May(p) {
		return nil
	}
	return fmt.Errorf("%w: this needs the permission %s", ErrForbidden, p)
}

// mayOf enforces a permission on the rows of one tenant; an empty one means all. Others' tenants are not found, so that
// nobody learns which there are.
func mayOf(who *access.Principal, p access.Permission, tenant string) error {
	if err := may(who, p); err != nil {
		return err
	}
	if !who.Sees(tenant) {
		return fmt.Errorf("%w: there is no tenant %q", ErrNotFound, tenant)
	}
	return nil
}

// narrow bounds a question to the rows that are somebody's to see: the tenant and branch asked for, or their own. A tenant that is not their is ErrNotFound.
func (c *Console) narrow(who *access.Principal, tenant, branch string) (string, string, error) {
	if who.Tenant != "" || who.Role.OfTenant() {
		if tenant == "" {
			tenant = who.Tenant
		}
		if !who.Sees(tenant) {
			return "", "", fmt.Errorf("%w: there is no tenant %q", ErrNotFound, tenant)
		}
	}
	if who.Branch != "" || who.Role == access.BranchManager {
		if branch == "" {
			branch = who.Branch
		}
		if !who.SeesBranch(tenant, branch) {
			return "", "", fmt.Errorf("%w: there is no branch %q", ErrNotFound, branch)
		}
	}
	return tenant, branch, nil
}

// log keeps what was done. What was done stands, so that a log that cannot be written is the caller's error all the same.
func (c *Console) log(ctx context.Context, who *access.Principal, d access.AuditEvent) error {
	d.At, d.By, d.Source = c.d.Clock.Now(), who.By(), SourceOf(ctx)
	return c.d.AuditLog.Log(ctx, d)
}

type sourceKey struct{}

// WithSource notes the address that a request comes from, for the log of what was done.
func WithSource(ctx context.Context, source string) context.Context {
	return context.WithValue(ctx, sourceKey{}, source)
}

// SourceOf returns the address that a request comes from; empty: not known.
func SourceOf(ctx context.Context) string {
	s, _ := ctx.Value(sourceKey{}).(string)
	return s
}

// Zone is the time zone that somebody's days are counted in: the tenant's, or UTC.
func (c *Console) Zone(tenant string) *time.Location {
	if tenant == "" {
		return time.UTC
	}
	return c.d.Snapshot().Zone(tenant)
}

// Now is the time.
func (c *Console) Now() time.Time { return c.d.Clock.Now() }

// invalid is an ErrInvalid with a remedy in its text.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

// reason checks the reason that what is dangerous is done for.
func reason(text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > 200 {
		return "", invalid("reason: say why, in up to 200 bytes")
	}
	return text, nil
}
