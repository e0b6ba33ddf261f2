package memory

import (
	"context"
	"io"
	"net/netip"
	"slices"

	"trunkline/alert"
	"trunkline/cdr/importer"
	"trunkline/console"
	"trunkline/lcr"
	"trunkline/provision/inventory"
)

// alerts are the rules, alarms and messages of the rows.
type alerts struct{ *Rows }

// Rules implements console.Alerts.
func (a alerts) Rules(context.Context) (*alert.Rules, string, error) {
	rules, err := alert.Parse([]byte(a.Rows.Rules))
	return rules, a.Rows.Rules, err
}

// Alarms implements console.Alerts.
func (a alerts) Alarms(context.Context, string, bool, int) ([]alert.Alarm, error) {
	return slices.Clone(a.Fired), nil
}

// Apply implements console.Alerts.
func (a alerts) Apply(_ context.Context, text, _ string) (int64, error) {
	a.did("apply alerts")
	a.Rows.Rules = text
	return 2, nil
}

// Deliveries implements console.Letters.
func (a alerts) Deliveries(context.Context, bool, int) ([]console.Delivery, error) {
	return slices.Clone(a.Told), nil
}

// Replay implements console.Letters.
func (a alerts) Replay(context.Context, int64) error {
	a.did("replay")
	return nil
}

// switchOf is the proxy of the rows.
type switchOf struct{ *Rows }

// Live implements console.Switch.
func (s switchOf) Live(context.Context) ([]console.LiveCall, error) {
	return slices.Clone(s.Rows.Live), nil
}

// Drop implements console.Switch.
func (s switchOf) Drop(_ context.Context, call, _ string) (bool, error) {
	found := slices.ContainsFunc(s.Rows.Live, func(l console.LiveCall) bool { return l.ID == call })
	if found {
		s.did("drop")
	}
	return found, nil
}

// Messages implements console.Switch.
func (s switchOf) Messages(call string) []console.SIPMessage { return s.SIP[call] }

// States implements console.Switch.
func (switchOf) States() map[string]lcr.GatewayState { return nil }

// Locks implements console.Switch.
func (s switchOf) Locks() []console.SIPLock { return slices.Clone(s.SIPLocks) }

// Unlock implements console.Switch.
func (s switchOf) Unlock(source netip.Addr, _ string) (n int) {
	for _, l := range s.SIPLocks {
		if l.Source == source.String() {
			n++
		}
	}
	if n > 0 {
		s.did("unlock")
	}
	return n
}

// imports are those of the rows.
type imports struct{ *Rows }

// List implements console.Imports.
func (i imports) List(context.Context, importer.Filter) ([]importer.Import, map[int64][]string, error) {
	return slices.Clone(i.Imported), nil, nil
}

// Faults implements console.Imports.
func (i imports) Faults(context.Context, importer.FaultFilter) ([]importer.Fault, error) {
	return slices.Clone(i.Rows.Faults), nil
}

// Undo implements console.Imports.
func (i imports) Undo(_ context.Context, s importer.Selection) (importer.Undo, error) {
	i.did("undo imports")
	return importer.Undo{Legs: int64(len(s.Imports))}, nil
}

// Again implements console.Imports.
func (i imports) Again(context.Context, []int64, string, string) ([]importer.Import, importer.Undo, error) {
	i.did("import again")
	return nil, importer.Undo{}, nil
}

// Resume implements console.Imports.
func (i imports) Resume(_ context.Context, id int64) (importer.Undo, error) {
	i.did("resume undo")
	return importer.Undo{ID: id}, nil
}

// Preview implements console.Imports.
func (imports) Preview(context.Context, []int64) ([]importer.Outlook, error) {
	return nil, nil
}

// Settle implements console.Imports.
func (i imports) Settle(_ context.Context, faults []int64) (int64, error) {
	i.did("settle")
	return int64(len(faults)), nil
}

// Read implements console.Imports.
func (i imports) Read(_ context.Context, r console.RecordFile) (console.ReadRecords, error) {
	i.did("read records")
	_, err := io.Copy(io.Discard, r.In)
	return console.ReadRecords{Import: 1}, err
}

// inventoryOf is the inventory of the rows.
type inventoryOf struct{ *Rows }

// Stock implements console.Inventory.
func (i inventoryOf) Stock(context.Context, string) ([]inventory.Number, error) {
	return slices.Clone(i.Numbers), nil
}

// Put implements console.Inventory.
func (i inventoryOf) Put(_ context.Context, list []inventory.Number, _ string) error {
	i.did("put stock")
	for _, n := range list {
		i.Numbers = slices.DeleteFunc(i.Numbers, func(old inventory.Number) bool { return old.Number == n.Number })
	}
	i.Numbers = append(i.Numbers, list...)
	return nil
}
