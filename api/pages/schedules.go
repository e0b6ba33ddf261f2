package pages

import (
	"fmt"
	"strings"

	"trunkline/access"
	"trunkline/console"
	"trunkline/reports/mail"
)

func (p *Pages) schedules(r *request) error {
	list, err := p.o.Console.Schedules(r.Request.Context(), r.who)
	if err != nil {
		return err
	}
	return r.show("schedules", "Reports by mail", list)
}

// scheduleView is the form of a report that is mailed.
type scheduleView struct {
	mail.Schedule

	New     bool
	Tenants []string
	State   *mail.Scheduled // Nil: it is being made.
}

// To is whom it goes to, in one line.
func (v scheduleView) Recipients() string { return strings.Join(v.To, ", ") }

// found is a report that is mailed.
func (p *Pages) found(r *request) (*mail.Scheduled, error) {
	list, err := p.o.Console.Schedules(r.Request.Context(), r.who)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Schedule.ID == r.Param("id") {
			return &list[i], nil
		}
	}
	return nil, fmt.Errorf("%w: there is no report %q", console.ErrNotFound, r.Param("id"))
}

func (p *Pages) scheduleView(r *request) (v scheduleView, err error) {
	if v.Tenants, err = p.tenantsOf(r); err != nil {
		return v, err
	}
	if r.Param("id") == newID {
		v.New, v.Schedule = true, mail.Schedule{Report: "expenses", On: "1", At: "07:00", Zone: "UTC", Format: "pdf", Period: "yesterday"}
		return v, mayRead(r.who, access.WriteUsers)
	}
	if v.State, err = p.found(r); err != nil {
		return v, err
	}
	v.Schedule = v.State.Schedule
	return v, nil
}

func (p *Pages) schedule(r *request) error {
	v, err := p.scheduleView(r)
	if err != nil {
		return err
	}
	return r.show("schedule", "Report by mail", v)
}

func scheduleForm(r *request) mail.Schedule {
	typed := func(name string) string { return strings.TrimSpace(r.PostForm(name)) }
	s := mail.Schedule{
		ID: r.Param("id"), Report: typed("report"), Tenant: typed("tenant"), On: typed("on"), At: typed("at"), Zone: typed("zone"), Period: typed("period"),
		Format: typed("format"), By: typed("by"), Side: typed("side"), Filter: typed("filter"), Locale: typed("locale"), Off: typed("off") == "on",
		To: strings.FieldsFunc(r.PostForm("to"), func(c rune) bool { return strings.ContainsRune(", ;\r\n", c) }),
	}
	if s.ID == newID {
		s.ID = typed("id")
	}
	return s
}

func (p *Pages) putSchedule(r *request) error {
	s := scheduleForm(r)
	return r.act("schedule", "Report by mail", "/schedules", func() error {
		return p.o.Console.PutSchedules(r.Request.Context(), r.who, []mail.Schedule{s})
	}, func() (any, error) {
		v, err := p.scheduleView(r)
		v.Schedule = s
		return v, err
	})
}

// onSchedule does something about a report that is mailed, and shows it again.
func (p *Pages) onSchedule(r *request, do func() error) error {
	return r.act("schedule", "Report by mail", "/schedules", do, func() (any, error) { return p.scheduleView(r) })
}

func (p *Pages) removeSchedule(r *request) error {
	return p.onSchedule(r, func() error { return p.o.Console.RemoveSchedule(r.Request.Context(), r.who, r.Param("id")) })
}

func (p *Pages) sendSchedule(r *request) error {
	return p.onSchedule(r, func() error { return p.o.Console.SendSchedule(r.Request.Context(), r.who, r.Param("id")) })
}

// pauseSchedule stops a report for a while, or lets it go on.
func (p *Pages) pauseSchedule(r *request) error {
	return p.onSchedule(r, func() error {
		s, err := p.found(r)
		if err != nil {
			return err
		}
		s.Schedule.Off = r.PostForm("off") == "on"
		return p.o.Console.PutSchedules(r.Request.Context(), r.who, []mail.Schedule{s.Schedule})
	})
}
