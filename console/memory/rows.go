package memory

import (
	"context"
	"slices"
	"sync"

	"trunkline/alert"
	"trunkline/cdr"
	"trunkline/cdr/importer"
	"trunkline/console"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/ledger"
	"trunkline/provision/inventory"
	"trunkline/reports"
	"trunkline/reports/invoice"
	"trunkline/reports/mail"
	"trunkline/reports/retention"
	"trunkline/reports/traffic"
)

// Rows are what a console shows beside what is provisioned. The fields are set before the first question.
type Rows struct {
	Legs       []cdr.Record
	Answer     reports.Answer // To every question.
	Traffic    []traffic.Leg
	Live       []console.LiveCall
	SIP        map[string][]console.SIPMessage // By call.
	Fired      []alert.Alarm
	Told       []console.Delivery
	Rules      string // As in the file of alert rules.
	Unrated    []console.DeadLeg
	Faults     []importer.Fault
	Imported   []importer.Import
	Numbers    []inventory.Number
	Charged    []invoice.Charge
	Issued     []invoice.Issued
	Accounts   map[string]ledger.State // By tenant.
	SIPLocks   []console.SIPLock
	Repriced   console.RerateReport // Of every order to price calls again.
	Reruns     []console.RerateRun  // The newest first.
	Proxies    []ledger.Node
	Events     []ledger.NodeEvent
	Broken     []console.Incident
	Kept       []console.KeptRate  // Exchange rates, the newest first.
	Fetched    []console.RateFetch // The newest first.
	Old        []retention.Line
	Held       []retention.Hold
	Named      []retention.Found // Of whoever is asked about.
	Mailed     []mail.Scheduled
	Billed     map[string]invoice.Profile // By tenant; that of the empty one is the operator's.
	LastRecord console.RecordQuery        // The last question for records.
	Asked      []reports.Question         // The last questions for figures.

	clock clock.Clock
	mu    sync.Mutex
	done  []string
	mails []mail.Letter
}

func newRows(c clock.Clock) *Rows {
	return &Rows{
		clock: c, Accounts: make(map[string]ledger.State), Billed: make(map[string]invoice.Profile),
		Mailed: []mail.Scheduled{{Schedule: mail.Schedule{ID: "monthly", Report: "expenses", Tenant: "acme", To: []string{"books@acme.example"}, On: "1", At: "07:30", Format: "pdf"}}},
	}
}

// did notes a write that has reached a store.
func (r *Rows) did(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = append(r.done, what)
}

// Done returns the writes that have reached a store, in their order.
func (r *Rows) Done() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.done)
}

// Letters returns the mails that were sent, in their order.
func (r *Rows) Letters() []mail.Letter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.mails)
}

// post takes the mails of the console.
type post struct{ *Rows }

// Send implements console.Post.
func (p post) Send(_ context.Context, l mail.Letter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, l)
	return nil
}

// Search implements console.Records. Of a question only tenant, branch, call, kind and the page count.
func (r *Rows) Search(_ context.Context, q console.RecordQuery) ([]cdr.Record, error) {
	r.mu.Lock()
	r.LastRecord = q
	r.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(r.Legs), func(l cdr.Record) bool {
		return q.Tenant != "" && l.Tenant != q.Tenant || q.Branch != "" && l.Branch != q.Branch || q.OnlyIngress && l.Kind != cdr.Ingress ||
			q.Call != (calls.ID{}) && l.Call != q.Call
	})
	list = list[min(q.Offset, len(list)):]
	if q.Limit > 0 {
		list = list[:min(q.Limit, len(list))]
	}
	return list, nil
}

// Each implements console.Records.
func (r *Rows) Each(ctx context.Context, q console.RecordQuery, do func(*cdr.Record) error) error {
	legs, err := r.Search(ctx, q)
	for i := range legs {
		if err := do(&legs[i]); err != nil {
			return err
		}
	}
	return err
}

// Count implements console.Records.
func (r *Rows) Count(ctx context.Context, q console.RecordQuery) (int64, error) {
	legs, err := r.Search(ctx, q)
	return int64(len(legs)), err
}

// AskAll implements console.Figures. The rows are the same for every question, and shared.
func (r *Rows) AskAll(_ context.Context, questions []reports.Question) ([]*reports.Answer, error) {
	r.mu.Lock()
	r.Asked = slices.Clone(questions)
	r.mu.Unlock()
	out := make([]*reports.Answer, len(questions))
	for i, q := range questions {
		a := r.Answer
		a.By, a.Side, a.Period = q.By, q.Side, q.Period
		out[i] = &a
	}
	return out, nil
}

// EachLeg implements traffic.Store.
func (r *Rows) EachLeg(_ context.Context, _ traffic.Query, do func(*traffic.Leg) error) error {
	for i := range r.Traffic {
		if err := do(&r.Traffic[i]); err != nil {
			return err
		}
	}
	return nil
}

// Overview implements console.System.
func (r *Rows) Overview(context.Context) (console.Overview, error) {
	return console.Overview{At: r.clock.Now(), Calls: r.Live, Total: len(r.Live)}, nil
}

// Dead implements console.DeadLegs.
func (r *Rows) Dead(_ context.Context, q console.DeadQuery) ([]console.DeadLeg, error) {
	return slices.DeleteFunc(slices.Clone(r.Unrated), func(l console.DeadLeg) bool {
		return len(q.IDs) > 0 && !slices.Contains(q.IDs, l.ID)
	}), nil
}

// Retry implements console.DeadLegs.
func (r *Rows) Retry(context.Context, []int64) (int, error) {
	r.did("retry")
	return 0, nil
}

// Mend implements console.DeadLegs.
func (r *Rows) Mend(context.Context, int64, console.Mending, string) error {
	r.did("mend")
	return nil
}

// WriteOff implements console.DeadLegs.
func (r *Rows) WriteOff(_ context.Context, ids []int64, _, _ string) (int, error) {
	r.did("write off")
	return len(ids), nil
}
