package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"trunkline/cdr/smdr"
	"trunkline/internal/clock"
)

// ErrNoText says that the text of an import is not kept, so it cannot be read anew.
var ErrNoText = errors.New("the text of the import is not kept")

// Source is a PBX as its records are read now.
type Source struct {
	Format   *smdr.Format
	Read     smdr.Options // As the PBX is set up.
	Mapper   *smdr.Mapper
	Settings json.RawMessage
}

// Options are the reader's, for an import that was read before.
func (s *Source) Options(i *Import) smdr.Options {
	o := s.Read
	o.Reference, o.Strict = i.Reference, i.Strict
	if !i.Day.IsZero() {
		o.Day = i.Day.In(o.Zone)
	}
	return o
}

// Importer lists imports, takes them back and reads them anew.
type Importer struct {
	Store  Store
	Undoer *Undoer
	Sender Sender
	// Source returns a PBX as it is set up now.
	Source func(ctx context.Context, tenant, pbx string) (*Source, error)
}

// Outlook says what reading an import anew would give.
type Outlook struct {
	Import      Import
	Calls       int64
	Unusable    int64
	First, Last time.Time // Setups; zero without calls.
	Reasons     []string  // Why records would be unusable, the first few.
}

// List returns imports, the newest first, and for those that stand and were read by other settings than those of now what differs.
func (m *Importer) List(ctx context.Context, f Filter) ([]Import, map[int64][]string, error) {
	list, err := m.Store.Imports(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	why := make(map[int64][]string)
	now := make(map[string]*Source)
	for i := range list {
		if list[i].Undo != 0 {
			continue
		}
		key := list[i].Tenant + "/" + list[i].PBX
		if _, ok := now[key]; !ok {
			now[key], _ = m.Source(ctx, list[i].Tenant, list[i].PBX) // A PBX that is gone reads nothing anew.
		}
		if now[key] == nil {
			continue
		}
		differ, err := list[i].Changed(now[key].Settings)
		if err != nil {
			return nil, nil, err
		}
		if len(differ) > 0 {
			why[list[i].ID] = differ
		}
	}
	return list, why, nil
}

// Preview reads imports anew and sends nothing.
func (m *Importer) Preview(ctx context.Context, ids []int64) ([]Outlook, error) {
	list, err := m.kept(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []Outlook
	for i := range list {
		source, err := m.Source(ctx, list[i].Tenant, list[i].PBX)
		if err != nil {
			return nil, err
		}
		look := &outlook{Outlook: Outlook{Import: list[i]}, mapper: source.Mapper}
		reader, err := smdr.NewReader(source.Format, source.Options(&list[i]), look)
		if err != nil {
			return nil, err
		}
		if err := m.Store.Text(ctx, list[i].ID, func(text []byte) error { _, err := reader.Write(text); return err }); err != nil {
			return nil, err
		}
		if err := reader.Close(); err != nil {
			return nil, err
		}
		out = append(out, look.Outlook)
	}
	return out, nil
}

// outlook counts what a reader gives.
type outlook struct {
	Outlook

	mapper *smdr.Mapper
}

// reasonsShown bounds the reasons that an outlook names.
const reasonsShown = 5

func (o *outlook) Call(c *smdr.Call) error {
	leg, reason := o.mapper.Leg(c)
	if reason != "" {
		return o.Fault(smdr.Fault{Line: c.Line, Reason: reason})
	}
	o.Calls++
	o.First, o.Last = first(o.First, leg.Setup), clock.Later(o.Last, leg.Setup)
	return nil
}

func (o *outlook) Fault(f smdr.Fault) error {
	o.Unusable++
	if len(o.Reasons) < reasonsShown {
		o.Reasons = append(o.Reasons, fmt.Sprintf("line %d: %s", f.Line, f.Reason))
	}
	return nil
}

// kept are imports, the oldest first, whose texts are kept.
func (m *Importer) kept(ctx context.Context, ids []int64) ([]Import, error) {
	list, err := m.Store.Imports(ctx, Filter{IDs: ids, Limit: len(ids)})
	if err != nil {
		return nil, err
	}
	if len(list) < len(ids) {
		return nil, fmt.Errorf("%w: take the number from `trunkline import list`", ErrNone)
	}
	for i := range list {
		if !list[i].Kept {
			return nil, fmt.Errorf("%w: import %s: take it back, and import the file itself again", ErrNoText, list[i].Name())
		}
	}
	slices.Reverse(list)
	return list, nil
}

// Again takes imports of one PBX back, as far as they stand, and reads their texts anew by the settings of now. It returns the new
// imports. One that was broken off goes on when it is called again.
func (m *Importer) Again(ctx context.Context, ids []int64, reason, by string) ([]Import, Undo, error) {
	var undo Undo
	list, err := m.kept(ctx, ids)
	if err != nil {
		return nil, undo, err
	}
	var standing []int64
	for i := range list {
		if !list[i].Undone {
			standing = append(standing, list[i].ID)
		}
	}
	if len(standing) > 0 {
		undo, err = m.Undoer.Undo(ctx, Selection{Imports: standing, Reason: reason, By: by})
		if err != nil {
			return nil, undo, err
		}
	}
	var out []Import
	for i := range list {
		fresh, err := m.read(ctx, &list[i], by)
		if err != nil {
			return out, undo, fmt.Errorf("read import %s anew: %w", list[i].Name(), err)
		}
		out = append(out, fresh)
	}
	return out, undo, nil
}

// read reads the text of an import as a new one.
func (m *Importer) read(ctx context.Context, old *Import, by string) (Import, error) {
	source, err := m.Source(ctx, old.Tenant, old.PBX)
	if err != nil {
		return Import{}, err
	}
	fresh := Import{
		Tenant: old.Tenant, PBX: old.PBX, Origin: old.Origin, Stream: old.Stream, Way: WayAgain, By: by, Settings: source.Settings, Again: old.ID,
		Reference: old.Reference, Day: old.Day, Strict: old.Strict,
	}
	sink := NewSink(ctx, source.Mapper, m.Sender, m.Store, fresh)
	pipe, writer := io.Pipe()
	go func() {
		writer.CloseWithError(m.Store.Text(ctx, old.ID, func(text []byte) error { _, err := writer.Write(text); return err }))
	}()
	sum, err := Read(source.Format, source.Options(old), pipe, sink)
	_ = pipe.CloseWithError(errors.New("it is not read any more")) // The writer ends, whatever has happened.
	if err != nil {
		return fresh, err
	}
	t := sink.Totals()
	fresh.ID, fresh.Lines, fresh.Calls, fresh.Unusable = sink.ID(), sum.Lines, t.Sent, t.Unusable
	return fresh, nil
}
