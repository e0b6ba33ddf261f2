package console

import (
	"context"
	"fmt"
	"time"

	"trunkline/access"
	"trunkline/provision"
)

// History keeps how objects were set up before.
type History interface {
	// Versions returns how an object was set up, the newest first.
	Versions(ctx context.Context, kind provision.Kind, id string) ([]ObjectVersion, error)
}

// ObjectVersion is how an object was set up from a revision on. Secrets are masked in it.
type ObjectVersion struct {
	Revision int64
	At       time.Time
	By       string
	Spec     string // YAML; empty: it was taken away.
	Made     bool   // There was none before.
	Changes  []provision.FieldChange
}

// ObjectHistory returns how an object was set up, and who changed it, the newest first; ErrNotFound: there never was one.
func (c *Console) ObjectHistory(ctx context.Context, who *access.Principal, kind provision.Kind, id string) ([]ObjectVersion, error) {
	for _, p := range []access.Permission{access.ReadAudit, reads(kind)} {
		if err := c.mayOfAll(who, p); err != nil {
			return nil, err
		}
	}
	list, err := c.d.History.Versions(ctx, kind, id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: there never was a %s %q: name the kind and the id as the operator's file does", ErrNotFound, kind, id)
	}
	for i := range list {
		if i+1 == len(list) || list[i+1].Spec == "" {
			list[i].Made = list[i].Spec != ""
			continue
		}
		if list[i].Spec != "" {
			list[i].Changes = provision.Differences(list[i+1].Spec, list[i].Spec)
		}
	}
	for i := range list {
		if list[i].Spec != "" {
			list[i].Spec = provision.Masked(list[i].Spec)
		}
	}
	return list, nil
}

// SetUpThen returns the version by which an object was set up at a moment, or by a revision, whichever are given; nil: it was not there.
// The list is that of ObjectHistory.
func SetUpThen(list []ObjectVersion, at time.Time, revision int64) *ObjectVersion {
	for i := range list {
		v := &list[i]
		if revision != 0 && v.Revision > revision || !at.IsZero() && v.At.After(at) {
			continue
		}
		if v.Spec == "" {
			return nil
		}
		return v
	}
	return nil
}
