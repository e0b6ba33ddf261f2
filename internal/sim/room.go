package sim

import (
	"cmp"
	"maps"
	"slices"

	"trunkline/ledger"
)

// room is where calls at a time are capped.
type room struct {
	tenant    ledger.Account
	extension string // Empty: all of the tenant.
}

func compareRooms(a, b room) int {
	return cmp.Or(cmp.Compare(a.tenant.Owner, b.tenant.Owner), cmp.Compare(a.extension, b.extension))
}

// bound caps the calls at a time of a tenant, and of each of its extensions, anew, or lets there be any number. Those in
// progress go on.
func (w *world) bound(a ledger.Account) {
	caps := ledger.ConcurrencyCaps{Tenant: w.random.Int64N(5), Extension: w.random.Int64N(4)}
	w.prices.AtOnce[a.Owner] = caps
	w.trace("calls at a time of %s: %d, %d of an extension", a.Owner, caps.Tenant, caps.Extension)
	live := w.live()
	for _, extension := range []string{"", "101", "102"} {
		r := room{a, extension}
		most := caps.Tenant
		if extension != "" {
			most = caps.Extension
		}
		delete(w.rooms, r)
		if most > 0 {
			w.rooms[r] = max(most, live[r])
		}
	}
}

// live counts the calls that are connected and within what they were granted, those of proxies that are down among them:
// their ends talk on.
func (w *world) live() map[room]int64 {
	now := w.clock.Now()
	out := make(map[room]int64)
	for _, p := range w.proxies {
		for _, f := range p.all {
			if f.talking(now) {
				out[room{f.tenant, ""}]++
				if !f.anyExtension {
					out[room{f.tenant, f.extension}]++
				}
			}
		}
	}
	return out
}

// checkRooms checks that there are never more calls at a time than there may be: as many as the cap says, or as there were
// when it was lowered and are since.
func (w *world) checkRooms() error {
	live := w.live()
	for _, r := range slices.SortedFunc(maps.Keys(w.rooms), compareRooms) {
		n, most := live[r], w.rooms[r]
		if n > most {
			return w.violated("%s %s has %d calls at a time of %d", r.tenant.Owner, r.extension, n, most)
		}
		lowest := w.prices.AtOnce[r.tenant.Owner].Tenant
		if r.extension != "" {
			lowest = w.prices.AtOnce[r.tenant.Owner].Extension
		}
		w.rooms[r] = max(lowest, n)
	}
	return nil
}
