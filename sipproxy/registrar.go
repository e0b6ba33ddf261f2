package sipproxy

import (
	"encoding/json"
	"errors"
	"net/netip"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"trunkline/sipproxy/txn"
	"trunkline/sipproxy/wire"
)

// errFlowGone is why a phone cannot be reached whose connection is over: it is for the phone to make a new one.
var errFlowGone = errors.New("its connection is over")

// maxContacts is how many phones may be registered for one login.
const maxContacts = 10

// binding is one phone of a login: where it is and until when (RFC 3261, section 10).
type binding struct {
	Contact   string    `json:"contact"` // The URI as the phone gave it.
	Transport string    `json:"transport"`
	Source    string    `json:"source"` // Where its REGISTER came from: the way through its router.
	CallID    string    `json:"call_id"`
	CSeq      uint32    `json:"cseq"`
	Expires   time.Time `json:"expires"`

	uri  sip.Uri
	flow wire.Flow
}

// registrar knows where the phones are. Shards share it; it is written through to the journal.
type registrar struct {
	journal *journal
	mu      sync.RWMutex
	byLogin map[string][]binding
}

func newRegistrar(j *journal) *registrar {
	return &registrar{journal: j, byLogin: make(map[string][]binding)}
}

// restore takes registrations back that were journalled before a restart.
func (r *registrar) restore(login string, data []byte) error {
	var bindings []binding
	if err := json.Unmarshal(data, &bindings); err != nil {
		return err
	}
	for i := range bindings {
		if err := sip.ParseUri(bindings[i].Contact, &bindings[i].uri); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byLogin[login] = bindings
	return nil
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
		if old.Contact == b.Contact {
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

func (r *registrar) clear(login string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.set(login, nil)
}

func (r *registrar) set(login string, bindings []binding) {
	if len(bindings) == 0 {
		delete(r.byLogin, login)
		r.journal.remove(registrationKey(login))
		return
	}
	r.byLogin[login] = bindings
	data, err := json.Marshal(bindings)
	if err == nil {
		r.journal.put(registrationKey(login), data)
	}
}

// register answers a REGISTER (RFC 3261, section 10.3).
func (s *shard) register(req *sip.Request, flow wire.Flow, tx *txn.Server) {
	caller, ok := s.identify(req, flow, tx, serverChallenge)
	if !ok {
		return
	}
	if caller.Login == "" || req.To().Address.User != caller.Login {
		tx.Reply(sip.StatusForbidden, "Forbidden") // One may register oneself only.
		return
	}
	now := s.clock.Now()
	for _, h := range req.GetHeaders("Contact") {
		if !s.bind(req, h, caller.Login, flow, tx, now) {
			return
		}
	}
	res := tx.NewResponse(sip.StatusOK, "OK")
	for _, b := range s.registrar.contacts(caller.Login, now) {
		left := int(b.Expires.Sub(now).Round(time.Second).Seconds())
		res.AppendHeader(&sip.ContactHeader{Address: b.uri, Params: sip.HeaderParams{{K: "expires", V: strconv.Itoa(left)}}})
	}
	res.AppendHeader(sip.NewHeader("Date", now.Format("Mon, 02 Jan 2006 15:04:05 GMT")))
	tx.Respond(res)
}

// bind takes one Contact of a REGISTER. When it returns false the request has been answered.
func (s *shard) bind(req *sip.Request, h sip.Header, login string, flow wire.Flow, tx *txn.Server, now time.Time) bool {
	c, ok := h.(*sip.ContactHeader)
	if !ok {
		tx.Reply(sip.StatusBadRequest, "Bad Contact")
		return false
	}
	expires := s.expiry(req, c)
	if c.Address.Wildcard {
		if expires != 0 {
			tx.Reply(sip.StatusBadRequest, "Bad Contact")
			return false
		}
		s.registrar.clear(login)
		return true
	}
	if expires > 0 && expires < s.cfg.RegisterMin {
		tx.Reply(sip.StatusIntervalToBrief, "Interval Too Brief",
			sip.NewHeader("Min-Expires", strconv.Itoa(int(s.cfg.RegisterMin.Seconds()))))
		return false
	}
	b := binding{
		Contact: c.Address.String(), Transport: flow.Transport(), Source: flow.Remote().String(),
		CallID: req.CallID().Value(), CSeq: req.CSeq().SeqNo, Expires: now.Add(min(expires, s.cfg.RegisterMax)),
		uri: c.Address, flow: flow,
	}
	if !s.registrar.update(login, b, now) {
		tx.Reply(sip.StatusInternalServerError, "CSeq Out Of Order")
		return false
	}
	return true
}

// expiry is how long a phone asks to be registered: its contact's own wish, that of the request, or the default.
func (s *shard) expiry(req *sip.Request, c *sip.ContactHeader) time.Duration {
	text, ok := c.Params.Get("expires")
	if !ok {
		if h := req.GetHeader("Expires"); h != nil {
			text = h.Value()
		}
	}
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31)
	if err != nil {
		return s.cfg.RegisterMax
	}
	return time.Duration(n) * time.Second
}

// flowTo is the way to a phone: the one its REGISTER came on, so that routers in between let us through.
func (s *shard) flowTo(b binding) (wire.Flow, error) {
	if b.flow.Alive() {
		return b.flow, nil
	}
	source, err := netip.ParseAddrPort(b.Source)
	if err != nil {
		return wire.Flow{}, err
	}
	flow, err := s.wire.To(b.Transport, source)
	if err == nil && !flow.Alive() {
		err = errFlowGone
	}
	return flow, err
}
