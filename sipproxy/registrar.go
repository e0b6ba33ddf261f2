package sipproxy

import (
	"encoding/json"
	"sort"
	"sync"
	"time"

	"trunkline/sipproxy/callstate"
	"trunkline/sipproxy/journal"
)

// maxContacts is how many phones may be registered for one login.
const maxContacts = 10

// registrar knows where the phones are. Shards share it; it is written through to the journal.
type registrar struct {
	journal *journal.Journal
	mu      sync.RWMutex
	byLogin map[string][]binding
	sources map[string]int // How many of them speak from an address.
}

func newRegistrar(j *journal.Journal) *registrar {
	return &registrar{journal: j, byLogin: make(map[string][]binding), sources: make(map[string]int)}
}

// restore takes registrations back that were journalled before a restart.
func (r *registrar) restore(login string, data []byte) error {
	var bindings []binding
	if err := json.Unmarshal(data, &bindings); err != nil {
		return err
	}
	for i := range bindings {
		if err := bindings[i].parse(); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(login, bindings)
	return nil
}

// keep notes the phones of a login in the place of those known before.
func (r *registrar) keep(login string, bindings []binding) {
	for i := range r.byLogin[login] {
		source := r.byLogin[login][i].Source
		if r.sources[source]--; r.sources[source] <= 0 {
			delete(r.sources, source)
		}
	}
	for i := range bindings {
		r.sources[bindings[i].Source]++
	}
	if len(bindings) == 0 {
		delete(r.byLogin, login)
		return
	}
	r.byLogin[login] = bindings
}

// speaksFrom reports whether a registered phone speaks from an address.
func (r *registrar) speaksFrom(source string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.sources[source] > 0
}

// contacts returns the phones of a login that are registered now.
func (r *registrar) contacts(login string, now time.Time) []binding {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var live []binding
	for _, b := range r.byLogin[login] {
		if b.Expires.After(now) {
			live = append(live, b)
		}
	}
	return live
}

// logins returns how many phones are registered under each login.
func (r *registrar) logins(now time.Time) map[string]int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := make(map[string]int, len(r.byLogin))
	for login, bindings := range r.byLogin {
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
func (r *registrar) update(login string, b binding, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.byLogin[login][:0:0]
	for _, old := range r.byLogin[login] {
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
	r.set(login, kept)
	return true
}

// drop takes a phone out whose way has turned out to lead nowhere (RFC 5626, section 7).
func (r *registrar) drop(login string, b binding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var kept []binding
	for _, old := range r.byLogin[login] {
		if !old.same(&b) || old.CSeq != b.CSeq || old.CallID != b.CallID {
			kept = append(kept, old)
		}
	}
	r.set(login, kept)
}

func (r *registrar) clear(login string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.set(login, nil)
}

func (r *registrar) set(login string, bindings []binding) {
	r.keep(login, bindings)
	if len(bindings) == 0 {
		delete(r.byLogin, login)
		_ = r.journal.Remove(callstate.RegistrationKey(login)) // The journal says itself when it cannot be written.
		_ = r.journal.Remove(callstate.RegistrationKey(login)) // It expires by itself where the disk is full.
		return
	}
	data, err := json.Marshal(bindings)
	if err == nil {
		_ = r.journal.Write(journal.Change{Key: callstate.RegistrationKey(login), Value: data})
	}
}
