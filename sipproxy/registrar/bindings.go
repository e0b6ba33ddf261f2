package registrar

import (
	"encoding/json"
	"log/slog"
	"net/netip"
	"sort"
	"sync"
	"time"

	"trunkline/internal/clock"
	"trunkline/routing"
	"trunkline/sipproxy/callstate"
	"trunkline/sipproxy/contact"
	"trunkline/sipproxy/journal"
)

// maxContacts is how many phones may be registered for one login.
const maxContacts = 10

// Journal outlives the process.
type Journal interface {
	Write(changes ...journal.Change) error
	Remove(keys ...string) error
}

// Options are what a Registrar works with.
type Options struct {
	Min, Max time.Duration // The shortest registration accepted, and the longest granted.
	Journal  Journal
	Policy   *contact.Policy                              // Where a phone may claim to be.
	Peer     func(addr netip.Addr) (routing.Caller, bool) // The gateway or trunk that sends from an address.
	Refused  func()                                       // Counts registrations of a place at which no phone may be.
	Clock    clock.Clock
	Log      *slog.Logger
}

// Registrar knows where the phones are. It is safe for concurrent use, and written through to the journal.
type Registrar struct {
	options Options
	mu      sync.RWMutex
	byLogin map[string][]Binding
	sources map[string]int // How many of them speak from an address.
}

// New returns a registrar that knows no phone yet.
func New(o Options) *Registrar {
	return &Registrar{options: o, byLogin: make(map[string][]Binding), sources: make(map[string]int)}
}

// Restore takes registrations back that were journalled before a restart.
func (reg *Registrar) Restore(login string, data []byte) error {
	var bindings []Binding
	if err := json.Unmarshal(data, &bindings); err != nil {
		return err
	}
	for i := range bindings {
		if err := bindings[i].parse(); err != nil {
			return err
		}
	}
	reg.mu.Lock()
	defer reg.mu.Unlock()
	reg.keep(login, bindings)
	return nil
}

// keep notes the phones of a login in the place of those known before.
func (reg *Registrar) keep(login string, bindings []Binding) {
	for i := range reg.byLogin[login] {
		source := reg.byLogin[login][i].Source
		if reg.sources[source]--; reg.sources[source] <= 0 {
			delete(reg.sources, source)
		}
	}
	for i := range bindings {
		reg.sources[bindings[i].Source]++
	}
	if len(bindings) == 0 {
		delete(reg.byLogin, login)
		return
	}
	reg.byLogin[login] = bindings
}

// SpeaksFrom reports whether a registered phone speaks from an address.
func (reg *Registrar) SpeaksFrom(source string) bool {
	reg.mu.RLock()
	defer reg.mu.RUnlock()
	return reg.sources[source] > 0
}

// Contacts returns the phones of a login that are registered now.
func (reg *Registrar) Contacts(login string, now time.Time) []Binding {
	reg.mu.RLock()
	defer reg.mu.RUnlock()
	var live []Binding
	for _, b := range reg.byLogin[login] {
		if b.Expires.After(now) {
			live = append(live, b)
		}
	}
	return live
}

// Logins returns how many phones are registered under each login.
func (reg *Registrar) Logins(now time.Time) map[string]int {
	reg.mu.RLock()
	defer reg.mu.RUnlock()
	out := make(map[string]int, len(reg.byLogin))
	for login, bindings := range reg.byLogin {
		for _, b := range bindings {
			if b.Expires.After(now) {
				out[login]++
			}
		}
	}
	return out
}

// update puts a phone in, or takes it out when it expires at once. It reports false for a request that is older than
// what is known (RFC 3261, section 10.3, step 7).
func (reg *Registrar) update(login string, b Binding, now time.Time) bool {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	kept := reg.byLogin[login][:0:0]
	for _, old := range reg.byLogin[login] {
		if old.same(&b) {
			if old.CallID == b.CallID && b.CSeq <= old.CSeq {
				return false
			}
			continue
		}
		if old.Expires.After(now) {
			kept = append(kept, old)
		}
	}
	if b.Expires.After(now) {
		kept = append(kept, b)
	}
	if len(kept) > maxContacts { // The phone that will expire first makes room.
		sort.Slice(kept, func(i, j int) bool { return kept[i].Expires.After(kept[j].Expires) })
		kept = kept[:maxContacts]
	}
	reg.set(login, kept)
	return true
}

// Drop takes a phone out whose way has turned out to lead nowhere (RFC 5626, section 7).
func (reg *Registrar) Drop(login string, b Binding) {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	var kept []Binding
	for _, old := range reg.byLogin[login] {
		if !old.same(&b) || old.CSeq != b.CSeq || old.CallID != b.CallID {
			kept = append(kept, old)
		}
	}
	reg.set(login, kept)
}

func (reg *Registrar) clear(login string) {
	reg.mu.Lock()
	defer reg.mu.Unlock()
	reg.set(login, nil)
}

func (reg *Registrar) set(login string, bindings []Binding) {
	reg.keep(login, bindings)
	if len(bindings) == 0 {
		delete(reg.byLogin, login)
		_ = reg.options.Journal.Remove(callstate.RegistrationKey(login)) // The journal says itself when it cannot be written; it expires by itself.
		return
	}
	data, err := json.Marshal(bindings)
	if err == nil {
		_ = reg.options.Journal.Write(journal.Change{Key: callstate.RegistrationKey(login), Value: data})
	}
}
