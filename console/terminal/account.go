package terminal

import (
	"fmt"
	"io"
	"time"

	"trunkline/ledger"
)

// Accounts lists accounts with what is left of them.
func Accounts(states []ledger.State) (*Table, error) {
	t := &Table{Columns: []string{"account", "balance", "held_for_calls", "credit", "left", "closed_until", "state"}, Of: "accounts"}
	for i := range states {
		s := &states[i]
		balance, err := s.Balance()
		if err != nil {
			return nil, err
		}
		left, err := s.Available()
		if err != nil {
			return nil, err
		}
		state := "open"
		if s.Suspended {
			state = "suspended: " + s.Reason
		}
		t.Add(s.String(), balance.String(), s.Pending.String(), s.CreditLimit.String(), left.String(), moment(s.ClosedTill), state)
	}
	return t, nil
}

// Statement lists postings with the running balance.
func Statement(lines []ledger.Line) *Table {
	t := &Table{Columns: []string{"time_utc", "what", "calls", "change", "balance", "key", "reason"}, Of: "lines"}
	for i := range lines {
		l := &lines[i]
		reason := l.Reason
		if l.Late {
			reason = "late, of a closed period"
		}
		t.Add(l.Slot.UTC().Format("2006-01-02 15:04"), string(l.Purpose), figure(l.Legs), l.Change.String(), l.Balance.String(), l.Key, reason)
	}
	return t
}

// Closed lists up to when the books of accounts are closed.
func Closed(states []ledger.State) *Table {
	t := &Table{Columns: []string{"account", "closed_until"}, Of: "accounts"}
	for i := range states {
		t.Add(states[i].String(), moment(states[i].ClosedTill))
	}
	return t
}

// Closings lists what was closed and opened.
func Closings(list []ledger.Closing) *Table {
	t := &Table{Columns: []string{"time", "account", "before", "closed_until", "reason", "by"}, Of: "changes"}
	for _, l := range list {
		t.Add(l.At.Format(time.RFC3339), l.Account.String(), moment(l.Before), moment(l.Till), l.Reason, l.By)
	}
	return t
}

// ClosedNow tells which books were closed or opened, and up to when.
func ClosedNow(out io.Writer, done []ledger.Closing) {
	for _, d := range done {
		fmt.Fprintf(out, "%s: closed till %s, before till %s\n", d.Account, dash(moment(d.Till)), dash(moment(d.Before)))
	}
}
