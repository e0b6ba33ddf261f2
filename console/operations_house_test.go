package console_test

import (
	"time"

	"trunkline/access"
	"trunkline/job"
	"trunkline/provision"
	"trunkline/reports/mail"
	"trunkline/reports/retention"
)

func monthly() mail.Schedule {
	return mail.Schedule{ID: "monthly", Report: "expenses", Tenant: "acme", To: []string{"books@acme.example"}, On: "1", At: "07:30", Format: "pdf"}
}

func aboutHouse() []operation {
	anna := access.User{Login: "anna", Role: access.NOC}
	return []operation{
		{"Overview", "yynynn", "", func(a asked) error { _, err := a.c.Overview(a.ctx, a.who); return err }},
		{"Schedules", "ynnynn", "", func(a asked) error { _, err := a.c.Schedules(a.ctx, a.who); return err }},
		{"PutSchedules", "ynnnnn", "", func(a asked) error {
			return a.c.PutSchedules(a.ctx, a.who, []mail.Schedule{monthly()})
		}},
		{"RemoveSchedule", "ynnnnn", "", func(a asked) error { return a.c.RemoveSchedule(a.ctx, a.who, "monthly") }},
		{"SendSchedule", "ynnnnn", "", func(a asked) error { return a.c.SendSchedule(a.ctx, a.who, "monthly") }},
		{"RetentionPlan", "ynnynn", "", func(a asked) error { _, err := a.c.RetentionPlan(a.ctx, a.who); return err }},
		{"RunRetention", "ynnnnn", "", func(a asked) error { return a.c.RunRetention(a.ctx, a.who, "", func(retention.Done) {}) }},
		{"StartRetention", "ynnnnn", "", func(a asked) error { _, err := a.c.StartRetention(a.ctx, a.who); return err }},
		{"FindPerson", "ynnnnn", "", func(a asked) error { _, err := a.c.FindPerson(a.ctx, a.who, retention.Person{}); return err }},
		{"ErasePerson", "ynnnnn", "", func(a asked) error {
			_, err := a.c.ErasePerson(a.ctx, a.who, retention.Erasure{Reason: "request 7"})
			return err
		}},
		{"Unreached", "ynnnnn", "", func(a asked) error { _, err := a.c.Unreached(a.ctx, a.who); return err }},
		{"Holds", "ynnynn", "", func(a asked) error { _, err := a.c.Holds(a.ctx, a.who, true); return err }},
		{"AddHold", "ynnnnn", "", func(a asked) error {
			_, err := a.c.AddHold(a.ctx, a.who, retention.Hold{Tenant: "acme", Reason: "court order 17"})
			return err
		}},
		{"RemoveHold", "ynnnnn", "", func(a asked) error { return a.c.RemoveHold(a.ctx, a.who, 1, "case 12 is closed") }},
		{"ObjectHistory", "ynnynn", "", func(a asked) error {
			_, err := a.c.ObjectHistory(a.ctx, a.who, provision.KindTenant, "acme")
			return err
		}},
		{"Nodes", "yynynn", "", func(a asked) error { _, err := a.c.Nodes(a.ctx, a.who); return err }},
		{"NodeEvents", "yynynn", "", func(a asked) error { _, err := a.c.NodeEvents(a.ctx, a.who, 10); return err }},
		{"Incidents", "ynyynn", "", func(a asked) error { _, err := a.c.Incidents(a.ctx, a.who, true); return err }},
		{"CloseIncident", "ynynnn", "", func(a asked) error { return a.c.CloseIncident(a.ctx, a.who, 1, "charged by hand") }},
		{"NoteDamage", "ynynnn", "", func(a asked) error { return a.c.NoteDamage(a.ctx, a.who, "id", "damage_settled", "charged by hand") }},
		{"ResolveNode", "ynynnn", "", func(a asked) error { return a.c.ResolveNode(a.ctx, a.who, "proxy-2", "it was a clone") }},
		{"GiveUpNode", "ynynnn", "", func(a asked) error { return a.c.GiveUpNode(a.ctx, a.who, "proxy-2", "its disk burnt") }},
		{"SIPLocks", "yynynn", "", func(a asked) error { _, err := a.c.SIPLocks(a.ctx, a.who); return err }},
		{"LiftSIPLock", "yynnnn", "", func(a asked) error { return a.c.LiftSIPLock(a.ctx, a.who, "192.0.2.66", "") }},
		{"AlertRules", "yynynn", "", func(a asked) error { _, _, err := a.c.AlertRules(a.ctx, a.who); return err }},
		{"ApplyAlerts", "ynnnnn", "", func(a asked) error { return a.c.ApplyAlerts(a.ctx, a.who, alertRules) }},
		{"Alarms", "yynynn", "", func(a asked) error { _, err := a.c.Alarms(a.ctx, a.who, "", false, 10); return err }},
		{"Deliveries", "yynynn", "", func(a asked) error { _, err := a.c.Deliveries(a.ctx, a.who, false, 10); return err }},
		{"ReplayDelivery", "ynnnnn", "", func(a asked) error { return a.c.ReplayDelivery(a.ctx, a.who, 1) }},
		{"People", "ynnynn", "", func(a asked) error { _, err := a.c.People(a.ctx, a.who); return err }},
		{"Person", "ynnynn", "", func(a asked) error {
			_ = a.h.Gate.Add(a.ctx, anna)
			_, err := a.c.Person(a.ctx, a.who, "anna")
			return err
		}},
		{"AddPerson", "ynnnnn", "", func(a asked) error { _, err := a.c.AddPerson(a.ctx, a.who, anna); return err }},
		{"ChangePerson", "ynnnnn", "", func(a asked) error { _ = a.h.Gate.Add(a.ctx, anna); return a.c.ChangePerson(a.ctx, a.who, anna) }},
		{"ResetPerson", "ynnnnn", "", func(a asked) error {
			_ = a.h.Gate.Add(a.ctx, anna)
			_, err := a.c.ResetPerson(a.ctx, a.who, "anna", true)
			return err
		}},
		{"SetPassword", "ynnnnn", "", func(a asked) error {
			_ = a.h.Gate.Add(a.ctx, anna)
			return a.c.SetPassword(a.ctx, a.who, "anna", "correct horse battery")
		}},
		{"KeysOf", "ynnynn", "", func(a asked) error { _, err := a.c.KeysOf(a.ctx, a.who, ""); return err }},
		{"AddKeyOf", "ynnnnn", "", func(a asked) error {
			_ = a.h.Gate.Add(a.ctx, anna)
			_, _, err := a.c.AddKeyOf(a.ctx, a.who, "anna", "watch", []access.Permission{access.ReadOverview}, time.Time{})
			return err
		}},
		{"Keys of all", "ynnynn", "", func(a asked) error { _, err := a.c.Keys(a.ctx, a.who, true); return err }},
		{"Audit", "ynnynn", "", func(a asked) error { _, err := a.c.Audit(a.ctx, a.who, access.AuditFilter{Limit: 10}); return err }},
		{"Jobs", "yyyyyy", "", func(a asked) error { _, err := a.c.Jobs(a.ctx, a.who, 10); return err }},
		{"Job of somebody else", "y--y--", "", func(a asked) error { _, err := a.c.Job(a.ctx, a.who, a.elses()); return err }},
		{"StopJob of somebody else", "y-----", "", func(a asked) error { return a.c.StopJob(a.ctx, a.who, a.elses()) }},
		{"JobResult of somebody else", "------", "", func(a asked) error {
			return a.c.JobResult(a.ctx, a.who, a.elses(), func(job.Job) error { return nil }, func([]byte) error { return nil })
		}},
	}
}
