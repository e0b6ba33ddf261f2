package access

import "slices"

// Principal is who asks: a person or a program, as far as was proved.
type Principal struct {
	User   string // Login of the person, or of the one whose key it is.
	Name   string // For showing.
	Role   Role
	Tenant string       // The only tenant that is seen; empty: all.
	Branch string       // The only branch that is seen; empty: all.
	Scopes []Permission // What a key is bounded to; nil: nothing less than the role.
	Key    string       // Id of the key; empty for a person.
	// Session tells the sessions of a person apart; empty for a key.
	Session  string
	Language string // ru, en or de; empty: as the browser asks.
	Command  string // Who runs a command on the machine itself, such as cli:root; empty: it is no command.
}

// May reports whether the principal has a permission.
func (p *Principal) May(what Permission) bool {
	return p != nil && p.Role.May(what) && (p.Scopes == nil || slices.Contains(p.Scopes, what))
}

// Sees reports whether the rows of a tenant are the principal's to see.
func (p *Principal) Sees(tenant string) bool {
	return p != nil && (p.Tenant == "" && !p.Role.OfTenant() || p.Tenant != "" && p.Tenant == tenant)
}

// SeesBranch reports whether the rows of a branch are the principal's to see.
func (p *Principal) SeesBranch(tenant, branch string) bool {
	return p.Sees(tenant) && (p.Branch == "" && p.Role != BranchManager || p.Branch != "" && p.Branch == branch)
}

// By names the principal in logs of what was changed.
func (p *Principal) By() string {
	if p.Command != "" {
		return p.Command
	}
	if p.Key != "" {
		return "key:" + p.Key
	}
	return "user:" + p.User
}
