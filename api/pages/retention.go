package pages

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"trunkline/access"
	"trunkline/console"
	"trunkline/reports/retention"
)

// retentionView is how long records are kept, and what is kept from going.
type retentionView struct {
	Plan    []retention.Line
	Holds   []retention.Hold
	All     bool // Also holds that were removed.
	Tenants []string
	ToGo    int64 // Records that would go now.
}

func (p *Pages) retentionView(r *request) (any, error) {
	v := retentionView{All: r.Query("all") == "on"}
	ctx := r.Request.Context()
	var err error
	if v.Plan, err = p.o.Console.RetentionPlan(ctx, r.who); err != nil {
		return v, err
	}
	for i := range v.Plan {
		v.ToGo += v.Plan[i].Goes.Rows
	}
	if v.Holds, err = p.o.Console.Holds(ctx, r.who, v.All); err != nil {
		return v, err
	}
	slices.Reverse(v.Holds)
	v.Tenants, err = p.tenantsOf(r)
	return v, err
}

func (p *Pages) retention(r *request) error {
	v, err := p.retentionView(r)
	if err != nil {
		return err
	}
	return r.show("retention", "Retention", v)
}

// onRetention does something about what is kept, and shows it again.
func (p *Pages) onRetention(r *request, do func() error) error {
	return r.act("retention", "Retention", "/retention", do, func() (any, error) { return p.retentionView(r) })
}

func (p *Pages) runRetention(r *request) error {
	j, err := p.o.Console.StartRetention(r.Request.Context(), r.who)
	return r.begun(j, err)
}

func (p *Pages) rebuildSums(r *request) error {
	j, err := p.o.Console.StartRebuild(r.Request.Context(), r.who)
	return r.begun(j, err)
}

func (p *Pages) addHold(r *request) error {
	return p.onRetention(r, func() error {
		_, err := p.o.Console.AddHold(r.Request.Context(), r.who, retention.Hold{
			Tenant: r.PostForm("tenant"), Number: strings.TrimPrefix(strings.TrimSpace(r.PostForm("number")), "+"), Reason: strings.TrimSpace(r.PostForm("reason")),
		})
		return err
	})
}

func (p *Pages) removeHold(r *request) error {
	id, err := strconv.ParseInt(r.Param("hold"), 10, 64)
	if err != nil {
		return errors.Join(console.ErrNotFound, err)
	}
	return p.onRetention(r, func() error { return p.o.Console.RemoveHold(r.Request.Context(), r.who, id, r.PostForm("why")) })
}

// erasureView is a person who is to be forgotten, and where their number stands.
type erasureView struct {
	Number, Also, Reason, Force string
	Looked, Done                bool
	Found                       []retention.Found
	Unreached                   []string
}

func (p *Pages) erasure(r *request) error {
	if err := mayRead(r.who, access.WriteRetention); err != nil {
		return err
	}
	return r.show("erasure", "Forget a person", erasureView{})
}

// erase looks for a person, and, when that is asked for, takes them out of the records.
func (p *Pages) erase(r *request) error {
	v := erasureView{
		Number: strings.TrimSpace(r.PostForm("number")), Also: strings.TrimSpace(r.PostForm("also")), Reason: strings.TrimSpace(r.PostForm("reason")), Force: strings.TrimSpace(r.PostForm("force")),
	}
	err := p.lookFor(r, &v)
	if err != nil {
		return r.again("erasure", "Forget a person", v, err)
	}
	return r.show("erasure", "Forget a person", v)
}

func (p *Pages) lookFor(r *request, v *erasureView) (err error) {
	ctx := r.Request.Context()
	if v.Unreached, err = p.o.Console.Unreached(ctx, r.who); err != nil { // It is refused to whoever may erase nobody, before the number is looked at.
		return err
	}
	person, err := retention.NewPerson(strings.TrimPrefix(v.Number, "+"), strings.Fields(strings.ReplaceAll(v.Also, ",", " ")))
	if err != nil {
		return fmt.Errorf("%w: number: %w", console.ErrInvalid, err)
	}
	if v.Found, err = p.o.Console.FindPerson(ctx, r.who, person); err != nil {
		return err
	}
	v.Looked = true
	if r.PostForm("do") != "erase" {
		return nil
	}
	if v.Reason == "" {
		return fmt.Errorf("%w: reason: say why, such as the number of the request", console.ErrInvalid)
	}
	v.Found, err = p.o.Console.ErasePerson(ctx, r.who, retention.Erasure{Person: person, Reason: v.Reason, Force: v.Force})
	v.Done = err == nil
	return err
}
