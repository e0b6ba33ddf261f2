package memory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"trunkline/access"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/provision"
)

// Setup keeps what is provisioned, and the files that somebody sends. It is safe for concurrent use.
type Setup struct {
	clock    clock.Clock
	mu       sync.Mutex
	revision int64
	objects  []provision.Object
	files    map[string][]byte
	versions []version
	uploads  map[string]upload // By id.
	snapshot *provision.Snapshot
	works    *works
	applied  provision.Applied
	changed  map[provision.Name]change
	past     map[provision.Name][]console.ObjectVersion // The oldest first.
	// Before is called once before the next Save: somebody else may save meanwhile. Nil: nobody does.
	Before func()
}

// works compile for all houses of one example: decks that are alike are made once.
type works struct {
	mu       sync.Mutex
	compiler *provision.Compiler
}

func (w *works) compile(ctx context.Context, b *provision.Bundle) (*provision.Snapshot, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.compiler.Compile(ctx, b)
}

// version is what a file held from a revision on.
type version struct {
	console.FileVersion

	file    string
	content []byte
}

// change is who changed something last, and when.
type change struct {
	at time.Time
	by string
}

type upload struct {
	by, name string
	content  []byte
}

// NewSetup returns a store of what a bundle says, at revision 1.
func NewSetup(ctx context.Context, c clock.Clock, b *provision.Bundle) (*Setup, error) {
	s := &Setup{
		works: &works{compiler: provision.NewCompiler()}, clock: c, files: make(map[string][]byte), uploads: make(map[string]upload), applied: make(provision.Applied),
		changed: make(map[provision.Name]change), past: make(map[provision.Name][]console.ObjectVersion),
	}
	changes, _, err := provision.Plan(nil, nil, b, true)
	if err != nil {
		return nil, err
	}
	_, err = s.Save(ctx, 0, changes, "cli:root")
	return s, err
}

// copy is another store of the same.
func (s *Setup) copy(c clock.Clock) *Setup {
	return &Setup{
		works: s.works, clock: c, revision: s.revision, objects: slices.Clone(s.objects), files: maps.Clone(s.files), versions: slices.Clone(s.versions),
		uploads: make(map[string]upload), snapshot: s.snapshot, applied: maps.Clone(s.applied), changed: maps.Clone(s.changed), past: maps.Clone(s.past),
	}
}

// Snapshot is what is in force.
func (s *Setup) Snapshot() *provision.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot
}

// Load implements console.Setup.
func (s *Setup) Load(context.Context) (console.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return console.Stored{Revision: s.revision, Objects: slices.Clone(s.objects), Files: maps.Clone(s.files), Past: &provision.Past{}}, nil
}

// Check implements console.Setup.
func (s *Setup) Check(ctx context.Context, b *provision.Bundle) error {
	_, err := s.works.compile(ctx, b)
	return err
}

// Save implements console.Setup.
func (s *Setup) Save(ctx context.Context, base int64, changes *provision.Changes, by string) (int64, error) {
	if before := s.Before; before != nil {
		s.Before = nil
		before()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if base != s.revision {
		return 0, fmt.Errorf("%w: revision %d is not the last one", console.ErrConflict, base)
	}
	for _, o := range append(slices.Clone(changes.Drop), changes.Put...) {
		s.objects = slices.DeleteFunc(s.objects, func(old provision.Object) bool { return old.Kind == o.Kind && old.ID == o.ID })
	}
	s.objects = append(s.objects, changes.Put...)
	s.revision++
	s.remember(changes, by)
	for name, content := range changes.Files {
		sum := sha256.Sum256(content)
		s.files[name] = content
		s.versions = append(s.versions, version{
			console.FileVersion{Revision: s.revision, At: s.clock.Now(), By: by, SHA256: hex.EncodeToString(sum[:])}, name, content,
		})
	}
	b, err := provision.NewBundle(s.objects, s.files)
	if err != nil {
		return 0, err
	}
	s.snapshot, err = s.works.compile(ctx, b)
	return s.revision, err
}

// remember keeps who changed what, and what the operator's file said.
func (s *Setup) remember(changes *provision.Changes, by string) {
	note := func(n provision.Name, spec string) {
		s.changed[n] = change{s.clock.Now(), by}
		s.past[n] = append(slices.Clone(s.past[n]), console.ObjectVersion{Revision: s.revision, At: s.clock.Now(), By: by, Spec: spec})
	}
	for _, o := range changes.Drop {
		note(provision.Name{Kind: string(o.Kind), ID: o.ID}, "")
	}
	for _, o := range changes.Put {
		note(provision.Name{Kind: string(o.Kind), ID: o.ID}, o.Spec)
	}
	for name := range changes.Files {
		s.changed[provision.Name{Kind: provision.KindFile, ID: name}] = change{s.clock.Now(), by}
	}
	maps.Copy(s.applied, changes.Applied)
}

// Applied implements console.Setup.
func (s *Setup) Applied(context.Context) (provision.Applied, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.applied), nil
}

// MarkApplied implements console.Setup.
func (s *Setup) MarkApplied(_ context.Context, applied provision.Applied) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.applied, applied)
	return nil
}

// LastChange implements console.Setup.
func (s *Setup) LastChange(_ context.Context, n provision.Name) (time.Time, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.changed[n]
	return c.at, c.by, nil
}

// Objects implements console.Shelf.
func (s *Setup) Objects(_ context.Context, kind provision.Kind, id string) ([]provision.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.objects), func(o provision.Object) bool { return o.Kind != kind || id != "" && o.ID != id }), nil
}

// File implements console.Shelf.
func (s *Setup) File(_ context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[name], nil
}

// KeepUpload implements console.Uploads.
func (s *Setup) KeepUpload(_ context.Context, id, by, name string, content []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uploads[id] = upload{by, name, content}
	return nil
}

// Upload implements console.Uploads.
func (s *Setup) Upload(_ context.Context, id, by string) (string, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.uploads[id]
	if !ok || u.by != by {
		return "", nil, access.ErrNotFound
	}
	return u.name, u.content, nil
}

// FileVersions implements console.Uploads.
func (s *Setup) FileVersions(_ context.Context, file string) ([]console.FileVersion, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []console.FileVersion
	for _, v := range slices.Backward(s.versions) {
		if v.file == file {
			out = append(out, v.FileVersion)
		}
	}
	return out, nil
}

// FileAt implements console.Uploads.
func (s *Setup) FileAt(_ context.Context, file string, revision int64) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range slices.Backward(s.versions) {
		if v.file == file && v.Revision <= revision {
			return v.content, nil
		}
	}
	return nil, console.ErrNotFound
}
