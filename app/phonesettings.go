package app

import (
	"context"
	"fmt"

	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/routing"
)

// phoneSettings keeps what extensions set at their phones with codes of the dial plan, as a change of what is provisioned.
type phoneSettings struct{ stores *store.Stores }

const phoneSettingTries = 5 // Others may change something at the same time.

// Set implements sipproxy.Settings.
func (p phoneSettings) Set(ctx context.Context, caller routing.Caller, set provision.Setting) error {
	var err error
	for range phoneSettingTries {
		if err = p.try(ctx, caller, set); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (p phoneSettings) try(ctx context.Context, caller routing.Caller, set provision.Setting) error {
	stored, err := p.stores.Provision.Load(ctx)
	if err != nil {
		return err
	}
	bundle, err := provision.NewBundle(stored.Objects, stored.Files)
	if err != nil {
		return err
	}
	e := extensionIn(bundle, caller)
	if e == nil {
		return fmt.Errorf("extension %s of %s is gone", caller.Extension, caller.Tenant)
	}
	if err := e.SetForward(set); err != nil {
		return err
	}
	if err := bundle.Check(); err != nil {
		return err
	}
	changes, _, err := provision.Plan(stored.Objects, stored.Files, bundle, true)
	if err != nil || changes.Empty() {
		return err
	}
	_, err = p.stores.Provision.Save(ctx, stored.Revision, changes, clock.System{}.Now(), "phone:"+caller.Login)
	return err
}

func extensionIn(b *provision.Bundle, caller routing.Caller) *provision.Extension {
	for i := range b.Operator.Tenants {
		t := &b.Operator.Tenants[i]
		if t.ID != caller.Tenant {
			continue
		}
		for j := range t.Branches {
			for k := range t.Branches[j].Extensions {
				if e := &t.Branches[j].Extensions[k]; e.ID == caller.Extension {
					return e
				}
			}
		}
	}
	return nil
}
