package access

import (
	"context"
	"time"
)

// AuditLog keeps what people and programs did.
type AuditLog interface {
	// Log keeps one event, which is never changed. A call that is repeated keeps another.
	Log(ctx context.Context, d AuditEvent) error
	// Events returns what was done, the newest first.
	Events(ctx context.Context, f AuditFilter) ([]AuditEvent, error)
}

// AuditEvent is something that a person or a program did.
type AuditEvent struct {
	At     time.Time
	By     string // "user:anna", "key:abc", "cli:root".
	Source string // Address; empty: not by HTTP.
	Tenant string // Whose; empty: the operator's.
	Action string // The API's operation, or create, update, delete.
	Object string // Kind and id, such as "tenant beauty".
	Before string // What it was, without secrets; empty: it was not there, or nothing is to be shown.
	After  string
}

// AuditFilter says which events are meant.
type AuditFilter struct {
	Before time.Time // Exclusive; zero: now.
	By     string
	Object string // Kind, or kind and id.
	Limit  int
}
