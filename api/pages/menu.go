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
			if !who.May(item.need) || item.not && who.Role.OfTenant() {
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
		{Title: "You", Items: []menuItem{{Title: "Access", Address: "/me", need: access.OwnAccess}}},
	}
}
