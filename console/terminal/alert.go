package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"trunkline/alert"
	"trunkline/console"
)

// Alarms lists what fires, and what fired.
func Alarms(alarms []alert.Alarm) *Table {
	t := &Table{Columns: []string{"id", "state", "rule", "tenant", "owner", "since", "until", "value", "text"}, Of: "alarms"}
	for i := range alarms {
		a := &alarms[i]
		state := "fires"
		if !a.Till.IsZero() {
			state = "cleared"
		}
		t.Add(figure(a.ID), state, a.Rule, a.Tenant, a.Owner, moment(a.Since), moment(a.Till), a.Value.String(), a.Text)
	}
	return t
}

// AlertRules lists rules with when they fire and what they do then.
func AlertRules(rules *alert.Rules) *Table {
	t := &Table{Columns: []string{"id", "tenant", "measure", "by", "fires", "clears", "window", "destinations", "does"}, Of: "rules"}
	for i := range rules.Rules {
		r := &rules.Rules[i]
		fires, clears, window := "", "", ""
		if r.Above != nil {
			fires = "above " + r.Above.String()
		} else if r.Below != nil {
			fires = "below " + r.Below.String()
		}
		if r.Clear != nil {
			clears = "at " + r.Clear.String()
		}
		if r.Window > 0 {
			window = r.Window.String()
		}
		prefixes := strings.Join(r.Prefixes, " ")
		if r.Risky {
			prefixes = strings.TrimSpace(prefixes + " risky")
		}
		t.Add(r.ID, r.Tenant, string(r.Measure), string(r.By), fires, clears, window, prefixes, ruleActions(r))
	}
	return t
}

func ruleActions(r *alert.Rule) string {
	var does []string
	if len(r.Notify) > 0 {
		does = append(does, "notify "+strings.Join(r.Notify, " "))
	}
	if r.Block != "" {
		does = append(does, "block "+r.Block)
	}
	if r.Lower != nil {
		does = append(does, fmt.Sprintf("cap a %s at %s", r.Lower.Period, r.Lower.Caps()))
	}
	return strings.Join(does, ", ")
}

// Deliveries lists the messages of alerts with how far they came.
func Deliveries(list []console.Delivery) *Table {
	t := &Table{Columns: []string{"id", "made", "rule", "tenant", "channel", "state", "tries", "sent", "next_try", "error"}, Of: "messages"}
	for i := range list {
		d := &list[i]
		next := moment(d.NextAttempt)
		if d.Sent.IsZero() && d.NextAttempt.IsZero() {
			next = "given up"
		}
		t.Add(figure(d.ID), d.Created.UTC().Format(time.RFC3339), d.Rule, d.Tenant, d.Channel, d.State, strconv.Itoa(d.Attempts), moment(d.Sent), next, d.Error)
	}
	return t
}
