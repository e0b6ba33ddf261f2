package access

import "slices"

// Permission is something that may be done. Its word stands in roles, in the scopes of keys and in the API's description.
type Permission string

// The permissions. Those that end in "write" include neither reading nor anything else.
const (
	ReadOverview  Permission = "overview:read" // State of the system, gateways and their health.
	ReadLive      Permission = "live:read"     // Calls in progress.
	DropCalls     Permission = "live:write"
	ReadCalls     Permission = "calls:read"    // Call records.
	ReadNumbers   Permission = "calls:numbers" // The last digits of callers' and called numbers.
	ReadTraces    Permission = "traces:read"
	ReadSale      Permission = "sale:read"    // What a tenant pays.
	ReadCost      Permission = "cost:read"    // What carriers are paid, margins, and carriers and gateways themselves.
	ReadTenants   Permission = "tenants:read" // Tenants, branches, extensions, numbers.
	WriteTenants  Permission = "tenants:write"
	ReadRouting   Permission = "routing:read" // Carriers, gateways, dial plans, route plans, simulator.
	WriteRouting  Permission = "routing:write"
	ReadPrices    Permission = "prices:read" // Tariffs and decks.
	WritePrices   Permission = "prices:write"
	ReadStats     Permission = "stats:read"
	ReadMoney     Permission = "money:read" // Accounts, statements, limits.
	WriteMoney    Permission = "money:write"
	ReadLimits    Permission = "limits:read"
	WriteLimits   Permission = "limits:write"
	ReadInvoices  Permission = "invoices:read" // With expense reports.
	WriteInvoices Permission = "invoices:write"
	ReadAlerts    Permission = "alerts:read"
	WriteAlerts   Permission = "alerts:write"
	ReadDead      Permission = "dead:read" // Legs that could not be rated.
	WriteDead     Permission = "dead:write"
	ReadUsers     Permission = "users:read"
	WriteUsers    Permission = "users:write" // With the keys of others.
	ReadAudit     Permission = "audit:read"
	WriteImports  Permission = "imports:write" // Call records of PBXs.
	ReadImports   Permission = "imports:read"  // What was imported, and what could not be used.
	UndoImports   Permission = "imports:undo"  // Take it back, or read it anew.
	ReadMetrics   Permission = "metrics:read"
	// How long records are kept, legal holds, and the erasure of people.
	ReadRetention  Permission = "retention:read"
	WriteRetention Permission = "retention:write"
	OwnJobs        Permission = "jobs:own"  // Long work that one asked for oneself: how far it is, its result, stopping it.
	ReadJobs       Permission = "jobs:read" // Everybody's, without the results.
	WriteJobs      Permission = "jobs:write"
	OwnAccess      Permission = "own:write" // One's own password, second factor, sessions and keys.
)

// Permissions returns all of them.
func Permissions() []Permission {
	return []Permission{
		ReadOverview, ReadLive, DropCalls, ReadCalls, ReadNumbers, ReadTraces, ReadSale, ReadCost, ReadTenants, WriteTenants, ReadRouting,
		WriteRouting, ReadPrices, WritePrices, ReadStats, ReadMoney, WriteMoney, ReadLimits, WriteLimits, ReadInvoices,
		WriteInvoices, ReadAlerts, WriteAlerts, ReadDead, WriteDead, ReadUsers, WriteUsers, ReadAudit, WriteImports,
		ReadImports, UndoImports,
		ReadMetrics, ReadRetention, WriteRetention, OwnJobs, ReadJobs, WriteJobs, OwnAccess,
	}
}

// Role is what somebody works as. Its word is stored.
type Role string

// The roles.
const (
	Operator      Role = "operator"       // Everything.
	NOC           Role = "noc"            // Watches calls and gateways; sees no prices, and numbers without their last digits.
	Accountant    Role = "accountant"     // Money, reports, invoices; no routing.
	Auditor       Role = "auditor"        // Sees everything and changes nothing.
	Manager       Role = "manager"        // A client's manager: sees their own company.
	BranchManager Role = "branch_manager" // Sees their own branch.
)

// Roles returns all of them.
func Roles() []Role { return []Role{Operator, NOC, Accountant, Auditor, Manager, BranchManager} }

// OfTenant reports whether the role belongs to people of a tenant, who see nothing of others and no carrier or cost.
func (r Role) OfTenant() bool { return r == Manager || r == BranchManager }

// Known reports whether there is such a role.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// May reports whether the role has a permission. This is the one place where roles are given what they may do.
func (r Role) May(p Permission) bool {
	switch r {
	case Operator:
		return true
	case NOC:
		return slices.Contains([]Permission{
			ReadOverview, ReadLive, DropCalls, ReadCalls, ReadTraces, ReadTenants, ReadRouting, ReadStats, ReadAlerts, ReadDead, ReadImports, ReadMetrics, OwnJobs, OwnAccess,
		}, p)
	case Accountant:
		return slices.Contains([]Permission{
			ReadCalls, ReadNumbers, ReadSale, ReadCost, ReadTenants, ReadPrices, ReadStats, ReadMoney, WriteMoney, ReadLimits, ReadInvoices, WriteInvoices,
			ReadDead, ReadImports, OwnJobs, OwnAccess,
		}, p)
	case Auditor:
		return slices.Contains([]Permission{
			ReadOverview, ReadLive, ReadCalls, ReadNumbers, ReadTraces, ReadSale, ReadCost, ReadTenants, ReadRouting, ReadPrices, ReadStats, ReadMoney, ReadLimits,
			ReadInvoices, ReadAlerts, ReadDead, ReadImports, ReadUsers, ReadAudit, ReadMetrics, ReadRetention, OwnJobs, ReadJobs, OwnAccess,
		}, p)
	case Manager:
		return slices.Contains([]Permission{
			ReadLive, ReadCalls, ReadNumbers, ReadSale, ReadTenants, ReadStats, ReadMoney, ReadLimits, ReadInvoices, OwnJobs, OwnAccess,
		}, p)
	case BranchManager:
		return slices.Contains([]Permission{ReadLive, ReadCalls, ReadNumbers, ReadSale, ReadTenants, ReadStats, ReadLimits, OwnJobs, OwnAccess}, p)
	}
	return false
}
