package terminal

import (
	"strconv"
	"strings"
	"time"

	"trunkline/reports/mail"
)

// Schedules lists reports by mail, when each is due, and what became of it.
func Schedules(list []mail.Scheduled) *Table {
	t := &Table{Columns: []string{"id", "report", "tenant", "to", "due", "last_sent", "tries", "failure"}, Of: "schedules"}
	for i := range list {
		s := &list[i].Schedule
		due, sent := list[i].Due.Format(time.RFC3339), ""
		if s.Off {
			due = "off"
		}
		if !list[i].Sent.IsZero() {
			sent = list[i].Sent.Format(time.RFC3339)
		}
		t.Add(s.ID, s.Report, s.Tenant, strings.Join(s.To, " "), due, sent, strconv.Itoa(list[i].Tries), list[i].Failure)
	}
	return t
}
