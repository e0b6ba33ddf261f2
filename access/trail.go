package access

import (
	"context"
	"time"
)

// Trail keeps what was done.
type Trail interface {
	// Log keeps one deed. It is never changed.
	Log(ctx context.Context, d Deed) error
	// Deeds returns what was done, the newest first.
	Deeds(ctx context.Context, f DeedFilter) ([]Deed, error)
}

// Deed is something that a person or a program did.
type Deed struct {
	At     time.Time
	By     string // "user:anna", "key:abc", "cli:root".
	Source string // Address; empty: not by HTTP.
	Tenant string // Whose; empty: the operator's.
	Action string // The API's operation, or create, update, delete.
	Object string // Kind and id, such as "tenant beauty".
	Before string // What it was, without secrets; empty: it was not there, or nothing is to be shown.
	After  string
}

// DeedFilter says which deeds are meant.
type DeedFilter struct {
	Before time.Time // Exclusive; zero: now.
	By     string
	Object string // Kind, or kind and id.
	Limit  int
}
