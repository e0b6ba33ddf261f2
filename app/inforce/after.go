package inforce

import (
	"context"
	"crypto/sha256"
	"time"

	"trunkline/provision"
)

// overlay is an archive with contents that are not stored yet.
type overlay struct {
	provision.Archive
	fresh map[[sha256.Size]byte][]byte
}

// Content implements provision.Archive.
func (o overlay) Content(ctx context.Context, sum [sha256.Size]byte) ([]byte, error) {
	if content, ok := o.fresh[sum]; ok {
		return content, nil
	}
	return o.Archive.Content(ctx, sum)
}

// After compiles what would be in force once the plan is stored as the next revision, by somebody, at a moment; it stores nothing.
func (p *Planned) After(ctx context.Context, at time.Time, by string) (*provision.Snapshot, error) {
	fresh := make(map[[sha256.Size]byte][]byte)
	for _, content := range p.Changes.Files {
		fresh[sha256.Sum256(content)] = content
	}
	p.Merged.Past = p.Stored.Past.With(p.Changes, p.Stored.Revision+1, at, by)
	p.Merged.Past.Archive = overlay{p.Stored.Past.Archive, fresh}
	return provision.NewCompiler().Compile(ctx, p.Merged)
}
