package reports

import "fmt"

// Key names a question: two questions of one key have the same answer. All that narrows it is in it, and nothing of who asks.
func (q *Question) Key() string {
	return fmt.Sprintf("%q %s %t %s %q %q %q %q %d %q %t %q", q.Side, q.Period.key(), q.Compare, q.CompareTo.key(), q.By, q.Filter, q.Tenant, q.Branch, q.Top, q.Order, q.Summary, q.Currency)
}

func (p *Period) key() string {
	return fmt.Sprintf("%d %d %q %d", p.From.UnixNano(), p.Until.UnixNano(), p.Zone, p.unit) // A nil zone is "UTC".
}
