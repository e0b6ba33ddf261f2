package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/cdr/importer"
	"trunkline/job"
	"trunkline/ledger"
)

// Imports lists what was imported of PBXs, takes it back and reads it anew.
type Imports interface {
	// List returns imports, the newest first, and by their numbers which settings of the PBX are others now.
	List(ctx context.Context, f importer.Filter) ([]importer.Import, map[int64][]string, error)
	// Faults returns records that could not be used, the oldest first.
	Faults(ctx context.Context, f importer.FaultFilter) ([]importer.Fault, error)
	// Undo takes imports of one PBX back, or its calls of a period. It may be repeated.
	Undo(ctx context.Context, s importer.Selection) (importer.Undo, error)
	// Resume goes on with an undo that was broken off.
	Resume(ctx context.Context, undo int64) (importer.Undo, error)
	// Again takes them back and reads them anew. It may be repeated.
	Again(ctx context.Context, ids []int64, reason, by string) ([]importer.Import, importer.Undo, error)
	// Preview says what reading them anew would give, and changes nothing.
	Preview(ctx context.Context, ids []int64) ([]importer.Outlook, error)
	// Settle takes records off the list of those that could not be used, and returns how many stood there.
	Settle(ctx context.Context, faults []int64) (int64, error)
	// Read reads records until in ends: ErrNotFound for a tenant or PBX that is not set up, ErrMisread where nothing was taken. Sending the
	// same records again changes nothing.
	Read(ctx context.Context, r RecordFile) (ReadRecords, error)
}

// Import is an import as people see it.
type Import struct {
	ID         int64     `json:"id" access:"open"`
	Started    time.Time `json:"started_at" access:"open"`
	Tenant     string    `json:"tenant" access:"open"`
	PBX        string    `json:"pbx" access:"open"`
	File       string    `json:"file" access:"open"`
	Method     string    `json:"method" access:"open"`
	By         string    `json:"by" access:"open"`
	Calls      int64     `json:"calls" access:"open"`    // That were sent to be rated.
	Unusable   int64     `json:"unusable" access:"open"` // Records that could not be read or rated.
	First      time.Time `json:"first_call,omitzero" access:"open"`
	Last       time.Time `json:"last_call,omitzero" access:"open"`
	State      string    `json:"state" access:"open"`
	Active     bool      `json:"active" access:"open"`
	Retained   bool      `json:"retained" access:"open"`              // Its text is kept: it can be read anew.
	ReimportOf int64     `json:"reimport_of,omitempty" access:"open"` // The import whose text was read anew.
	Changed    []string  `json:"changed" access:"open"`               // Settings of the PBX that are others now than when it was read.
}

// ImportFault is a record that could not be read or rated.
type ImportFault struct {
	ID     int64     `json:"id" access:"open"`
	Import int64     `json:"import" access:"open"`
	Found  time.Time `json:"found" access:"open"`
	Tenant string    `json:"tenant" access:"open"`
	PBX    string    `json:"pbx" access:"open"`
	File   string    `json:"file" access:"open"`
	Line   int64     `json:"line" access:"open"`
	Reason string    `json:"reason" access:"mentions"`
	Record string    `json:"record" access:"mentions"`
}

// ImportQuery says which imports are wanted. Empty conditions are none.
type ImportQuery struct {
	Tenant     string
	PBX        string
	File       string
	From, Till time.Time // With a call in [From, Till), UTC.
	Changed    bool      // Read by other settings than those of now.
	Standing   bool      // Not taken back.
	After      int64     // Of records that could not be used: those with higher ids.
	Limit      int
}

// ImportsMost bounds the imports that are listed or taken back at once.
const ImportsMost = 10_000

// Imports returns imports, the newest first.
func (c *Console) Imports(ctx context.Context, who *access.Principal, q ImportQuery) ([]Import, error) {
	if err := mayOf(who, access.ReadImports, q.Tenant); err != nil {
		return nil, err
	}
	if q.Limit < 1 || q.Limit > ImportsMost {
		return nil, invalid("limit: use 1 to %d", ImportsMost)
	}
	list, changed, err := c.d.Imports.List(ctx, importer.Filter{
		Tenant: q.Tenant, PBX: q.PBX, Origin: q.File, From: q.From, Till: q.Till, Standing: q.Standing, Limit: q.Limit,
	})
	if q.Changed {
		list = slices.DeleteFunc(list, func(m importer.Import) bool { return len(changed[m.ID]) == 0 })
	}
	out := make([]Import, len(list))
	for i := range list {
		m := &list[i]
		out[i] = Import{
			ID: m.ID, Started: m.Begun, Tenant: m.Tenant, PBX: m.PBX, File: m.Origin, Method: m.Way, By: m.By, Calls: m.Calls, Unusable: m.Unusable,
			First: m.First, Last: m.Last, State: m.State(), Active: m.Undo == 0, Retained: m.Kept, ReimportOf: m.Again, Changed: changed[m.ID],
		}
		if out[i].Changed == nil {
			out[i].Changed = []string{}
		}
	}
	return out, err
}

// ImportFaults returns records that could not be read or rated, the oldest first.
func (c *Console) ImportFaults(ctx context.Context, who *access.Principal, q ImportQuery) ([]ImportFault, error) {
	if err := mayOf(who, access.ReadImports, q.Tenant); err != nil {
		return nil, err
	}
	if q.Limit < 1 || q.Limit > ImportsMost {
		return nil, invalid("limit: use 1 to %d", ImportsMost)
	}
	list, err := c.d.Imports.Faults(ctx, importer.FaultFilter{Tenant: q.Tenant, PBX: q.PBX, After: q.After, Limit: q.Limit})
	out, hide := make([]ImportFault, len(list)), redactor[ImportFault](who)
	for i := range list {
		f := &list[i]
		out[i] = ImportFault{
			ID: f.ID, Import: f.Import, Found: f.Found.UTC(), Tenant: f.Tenant, PBX: f.PBX, File: f.Origin, Line: f.Line, Reason: f.Reason, Record: f.Raw,
		}
		hide.Redact(&out[i])
	}
	return out, err
}

// StartUndoImports begins to take imports of one PBX back.
func (c *Console) StartUndoImports(ctx context.Context, who *access.Principal, ids []int64, why string) (job.Job, error) {
	return c.startImports(ctx, who, "take back", ids, why, func(ctx context.Context, m *job.Meter, by string) error {
		undo, err := c.d.Imports.Undo(ctx, importer.Selection{Imports: ids, Reason: why, By: by})
		if err == nil {
			m.Note("%d calls taken back, %d stay: other imports have them, too", undo.Legs, undo.Shared)
		}
		return err
	})
}

// StartImportsAgain begins to read imports of one PBX anew, by the settings of now.
func (c *Console) StartImportsAgain(ctx context.Context, who *access.Principal, ids []int64, why string) (job.Job, error) {
	return c.startImports(ctx, who, "read anew", ids, why, func(ctx context.Context, m *job.Meter, by string) error {
		fresh, undo, err := c.d.Imports.Again(ctx, ids, why, by)
		if err != nil {
			return err
		}
		var calls, unusable int64
		for i := range fresh {
			calls, unusable = calls+fresh[i].Calls, unusable+fresh[i].Unusable
		}
		m.Note("%d calls taken back, %d read anew, %d records unusable", undo.Legs, calls, unusable)
		return nil
	})
}

func (c *Console) startImports(
	ctx context.Context, who *access.Principal, what string, ids []int64, why string, work func(context.Context, *job.Meter, string) error,
) (job.Job, error) {
	why, err := reason(why)
	if err != nil {
		return job.Job{}, err
	}
	list, err := c.chosen(ctx, who, ids)
	if err != nil {
		return job.Job{}, err
	}
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Name()
	}
	j := job.Job{
		Kind: job.Import, Subject: list[0].Tenant + "/" + list[0].PBX, Purpose: what + ": " + strings.Join(names, ", ") + ": " + why, Tenant: list[0].Tenant,
		Needs: []string{string(access.UndoImports)},
	}
	by := who.By()
	return c.start(ctx, who, j, func(ctx context.Context, m *job.Meter) error {
		m.Link("/imports")
		return importFault(work(ctx, m, by))
	})
}

// chosen are the imports of the numbers, all of which somebody may take back.
func (c *Console) chosen(ctx context.Context, who *access.Principal, ids []int64) ([]importer.Import, error) {
	if err := may(who, access.UndoImports); err != nil {
		return nil, err
	}
	if len(ids) == 0 || len(ids) > ImportsMost {
		return nil, invalid("imports: choose 1 to %d", ImportsMost)
	}
	list, _, err := c.d.Imports.List(ctx, importer.Filter{IDs: ids, Limit: len(ids)})
	if err != nil {
		return nil, err
	}
	if len(list) < len(ids) || slices.ContainsFunc(list, func(i importer.Import) bool { return !who.Sees(i.Tenant) }) {
		return nil, fmt.Errorf("%w: there is no such import", ErrNotFound)
	}
	return list, nil
}

// importFault gives errors of taking back their kind.
func importFault(err error) error {
	for _, kind := range []error{importer.ErrUndoing, importer.ErrNothing, importer.ErrNoText, ledger.ErrClosedPeriod, ledger.ErrInvoiced} {
		if errors.Is(err, kind) {
			return fmt.Errorf("%w: %w", ErrConflict, err)
		}
	}
	if errors.Is(err, importer.ErrNone) {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}
