package pages

import (
	"strings"

	"trunkline/access"
)

// menuGroup is some pages that belong together.
type menuGroup struct {
	Title string
	Items []menuItem
}

type menuItem struct {
	Title   string
	Address string
	Here    bool

	need access.Permission
	not  bool // Not for clients' people, who have pages of their own.
	only bool // Only for them.
}

// menu is what somebody may go to.
func menu(who *access.Principal, path string) []menuGroup {
	if who == nil {
		return nil
	}
	var out []menuGroup
	for _, g := range allPages() {
		group := menuGroup{Title: g.Title}
		for _, item := range g.Items {
			if !who.May(item.need) || item.not && who.Role.OfTenant() || item.only && !who.Role.OfTenant() {
				continue
			}
			item.Here = path == item.Address || item.Address != "/" && strings.HasPrefix(path, item.Address+"/")
			group.Items = append(group.Items, item)
		}
		if len(group.Items) > 0 {
			out = append(out, group)
		}
	}
	return out
}

func allPages() []menuGroup {
	return []menuGroup{
		{Title: "Now", Items: []menuItem{
			{Title: "Overview", Address: "/", need: access.OwnAccess},
			{Title: "Live calls", Address: "/live", need: access.ReadLive},
		}},
		{Title: "Calls", Items: []menuItem{
			{Title: "Calls", Address: "/calls", need: access.ReadCalls},
			{Title: "Statistics", Address: "/statistics", need: access.ReadStats},
			{Title: "Lines", Address: "/lines", need: access.ReadStats},
			{Title: "Unrated", Address: "/dead", need: access.ReadDead},
			{Title: "Imports", Address: "/imports", need: access.ReadImports},
		}},
		{Title: "Clients", Items: []menuItem{
			{Title: "Clients", Address: "/tenants", need: access.ReadTenants, not: true},
			{Title: "Employees", Address: "/employees", need: access.ReadTenants, only: true},
			{Title: "Numbers", Address: "/numbers", need: access.ReadTenants},
			{Title: "Inventory of numbers", Address: "/stock", need: access.ReadTenants, not: true},
			{Title: "Limits", Address: "/limits", need: access.ReadLimits},
		}},
		{Title: "Routing", Items: []menuItem{
			{Title: "Carriers", Address: "/carriers", need: access.ReadRouting},
			{Title: "Gateways", Address: "/gateways", need: access.ReadRouting},
			{Title: "Route plans", Address: "/route-plans", need: access.ReadRouting},
			{Title: "Dial plans", Address: "/dial-plans", need: access.ReadRouting},
		}},
		{Title: "Prices", Items: []menuItem{
			{Title: "Tariffs", Address: "/tariffs", need: access.ReadPrices},
			{Title: "Rate sheets", Address: "/decks", need: access.ReadPrices},
			{Title: "Exchange rates", Address: "/exchange", need: access.ReadPrices},
		}},
		{Title: "Money", Items: []menuItem{
			{Title: "Accounts", Address: "/accounts", need: access.ReadMoney},
			{Title: "Expense report", Address: "/expenses", need: access.ReadInvoices},
			{Title: "Invoices", Address: "/invoices", need: access.ReadInvoices},
			{Title: "Close a period", Address: "/close", need: access.WriteInvoices},
			{Title: "Books", Address: "/books", need: access.ReadMoney, not: true},
			{Title: "Billing profiles", Address: "/profiles", need: access.ReadInvoices, not: true},
			{Title: "Re-rates", Address: "/rerates", need: access.ReadCost},
		}},
		{Title: "Upkeep", Items: []menuItem{
			{Title: "Health", Address: "/health", need: access.ReadOverview},
			{Title: "Proxies", Address: "/nodes", need: access.ReadOverview},
			{Title: "Incidents", Address: "/incidents", need: access.ReadCost},
			{Title: "Retention", Address: "/retention", need: access.ReadRetention},
		}},
		{Title: "System", Items: []menuItem{
			{Title: "Jobs", Address: "/jobs", need: access.OwnJobs},
			{Title: "Alerts", Address: "/alerts", need: access.ReadAlerts},
			{Title: "Users", Address: "/users", need: access.ReadUsers},
			{Title: "Audit", Address: "/audit", need: access.ReadAudit},
			{Title: "History", Address: "/history", need: access.ReadAudit},
			{Title: "Reports by mail", Address: "/schedules", need: access.ReadUsers},
			{Title: "Operator's file", Address: "/operator-file", need: access.WriteRouting},
			{Title: "Settings", Address: "/settings", need: access.ReadRouting},
		}},
	}
}
