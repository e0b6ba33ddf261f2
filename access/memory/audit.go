package memory

import (
	"context"
	"slices"
	"strings"

	"trunkline/access"
)

// Log implements access.AuditLog.
func (s *Store) Log(_ context.Context, d access.AuditEvent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, d)
	return nil
}

// Events implements access.AuditLog.
func (s *Store) Events(_ context.Context, f access.AuditFilter) ([]access.AuditEvent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []access.AuditEvent
	for _, d := range slices.Backward(s.events) {
		of := f.Object == "" || d.Object == f.Object || strings.HasPrefix(d.Object, f.Object+" ")
		if len(out) < f.Limit && of && (f.By == "" || d.By == f.By) && (f.Before.IsZero() || d.At.Before(f.Before)) {
			out = append(out, d)
		}
	}
	return out, nil
}

// Views returns what somebody keeps of a page.
func (s *Store) Views(_ context.Context, login, page string) ([]access.View, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.views[login]), func(v access.View) bool { return v.Page != page }), nil
}

// PutView keeps a view, in the place of the one of its name. An empty query takes it away.
func (s *Store) PutView(_ context.Context, login string, v access.View) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.views[login] = slices.DeleteFunc(s.views[login], func(o access.View) bool { return o.Page == v.Page && o.Name == v.Name })
	if v.Query != "" {
		s.views[login] = append(s.views[login], v)
	}
	return nil
}
