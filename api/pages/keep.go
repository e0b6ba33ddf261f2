package pages

import (
	"strconv"
	"time"

	"trunkline/access"
	"trunkline/alert"
	"trunkline/console"
)

// keepRoutes are the pages about who may do what, what was done, and what is watched.
func (p *Pages) keepRoutes() map[string]handler {
	return map[string]handler{
		"GET /users": p.users, "POST /users": p.addUser, "GET /users/:login": p.user, "POST /users/:login": p.putUser, "POST /users/:login/reset": p.resetUser,
		"GET /audit": p.audit, "GET /alerts": p.alerts, "POST /alerts/rules": p.putRules, "POST /alerts/replay": p.replay,
	}
}

// usersView are those who may sign in.
type usersView struct {
	Users []access.User
	New   access.User
	Roles []access.Role
	Link  string // For a user who was just made.
}

func (p *Pages) users(r *request) error {
	v := usersView{Roles: access.Roles(), New: access.User{Tenant: r.Query("tenant")}}
	var err error
	if v.Users, err = p.o.Console.People(r.Request.Context(), r.who); err != nil {
		return err
	}
	return r.show("users", "Users", v)
}

func userForm(r *request, login string) access.User {
	return access.User{
		Login: login, Name: r.PostForm("name"), Email: r.PostForm("email"), Role: access.Role(r.PostForm("role")),
		Tenant: r.PostForm("tenant"), Branch: r.PostForm("branch"), Language: r.PostForm("language"), Disabled: r.PostForm("disabled") == "on",
	}
}

func (p *Pages) addUser(r *request) error {
	ctx := r.Request.Context()
	v := usersView{Roles: access.Roles(), New: userForm(r, r.PostForm("login"))}
	token, failure := p.o.Console.AddPerson(ctx, r.who, v.New)
	var err error
	if v.Users, err = p.o.Console.People(ctx, r.who); err != nil {
		return err
	}
	if failure != nil {
		return r.again("users", "Users", v, failure)
	}
	v.New, v.Link = access.User{}, p.server.Link(token)
	return r.show("users", "Users", v)
}

// userView is one user.
type userView struct {
	User  access.User
	Roles []access.Role
	Link  string
}

func (p *Pages) user(r *request) error {
	u, err := p.o.Console.Person(r.Request.Context(), r.who, r.Param("login"))
	if err != nil {
		return err
	}
	return r.show("user", "User", userView{User: u, Roles: access.Roles()})
}

func (p *Pages) putUser(r *request) error {
	u := userForm(r, r.Param("login"))
	if err := p.o.Console.ChangePerson(r.Request.Context(), r.who, u); err != nil {
		return r.again("user", "User", userView{User: u, Roles: access.Roles()}, err)
	}
	return r.to("/users", "saved")
}

func (p *Pages) resetUser(r *request) error {
	ctx := r.Request.Context()
	token, err := p.o.Console.ResetPerson(ctx, r.who, r.Param("login"), r.PostForm("factor") == "on")
	if err != nil {
		return err
	}
	u, err := p.o.Console.Person(ctx, r.who, r.Param("login"))
	if err != nil {
		return err
	}
	return r.show("user", "User", userView{User: u, Roles: access.Roles(), Link: p.server.Link(token)})
}

// auditView is a page of what was done.
type auditView struct {
	Deeds      []console.AuditEntry
	By, Object string
	Next       string
}

const auditRows = 100

func (p *Pages) audit(r *request) error {
	v := auditView{By: r.Query("by"), Object: r.Query("object")}
	f := access.AuditFilter{By: v.By, Object: v.Object, Limit: auditRows}
	f.Before, _ = time.Parse(time.RFC3339Nano, r.Query("before")) // Nonsense is the newest.
	var err error
	if v.Deeds, err = p.o.Console.Audit(r.Request.Context(), r.who, f); err != nil {
		return err
	}
	if len(v.Deeds) == auditRows {
		v.Next = v.Deeds[len(v.Deeds)-1].At.UTC().Format(time.RFC3339Nano)
	}
	return r.show("audit", "Audit", v)
}

// alertsView is what fires and who is told.
type alertsView struct {
	Alarms     []alert.Alarm
	Rules      *alert.Rules
	Text       string
	Deliveries []console.Delivery
}

func (p *Pages) alertsView(r *request) (v alertsView, err error) {
	ctx := r.Request.Context()
	if v.Alarms, err = p.o.Console.Alarms(ctx, r.who, "", false, auditRows); err != nil {
		return v, err
	}
	if v.Rules, v.Text, err = p.o.Console.AlertRules(ctx, r.who); err != nil {
		return v, err
	}
	v.Deliveries, err = p.o.Console.Deliveries(ctx, r.who, false, auditRows)
	return v, err
}

func (p *Pages) alerts(r *request) error {
	v, err := p.alertsView(r)
	if err != nil {
		return err
	}
	return r.show("alerts", "Alerts", v)
}

func (p *Pages) putRules(r *request) error {
	failure := p.o.Console.ApplyAlerts(r.Request.Context(), r.who, r.PostForm("text"))
	if failure == nil {
		return r.to("/alerts", "saved")
	}
	v, err := p.alertsView(r)
	if err != nil {
		return err
	}
	v.Text = r.PostForm("text")
	return r.again("alerts", "Alerts", v, failure)
}

func (p *Pages) replay(r *request) error {
	id, err := strconv.ParseInt(r.PostForm("delivery"), 10, 64)
	if err != nil {
		return console.ErrNotFound
	}
	if err := p.o.Console.ReplayDelivery(r.Request.Context(), r.who, id); err != nil {
		return err
	}
	return r.to("/alerts", "sent")
}
