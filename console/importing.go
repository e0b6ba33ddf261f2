package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/cdr/importer"
	"trunkline/cdr/smdr"
)

// ErrMisread is returned, wrapped, for records that the format of the PBX reads wrongly. None of them was taken.
var ErrMisread = errors.New("the records do not fit the format")

// RecordFile is call records of a PBX, as they come.
type RecordFile struct {
	Tenant, PBX string
	Name        string    // Where they come from, such as the name of a file, for the list of those that cannot be used.
	Reference   time.Time // About when they were written, for records without a year or a day; zero: not known, and such records cannot be used.
	Way         string    // importer.WayFile or importer.WayUpload.
	In          io.Reader

	// By is who sends them; the console sets it.
	By string
}

// ReadRecords says what became of records.
type ReadRecords struct {
	Import  int64 // Its number; 0: there was nothing in them.
	Summary smdr.Summary
	Totals  importer.Totals
}

// ReadRecords brings call records of a PBX into the system. What could be read of them before an error stands, and counts once when it is sent
// again.
func (c *Console) ReadRecords(ctx context.Context, who *access.Principal, r RecordFile) (ReadRecords, error) {
	if err := mayOf(who, access.WriteImports, r.Tenant); err != nil {
		return ReadRecords{}, err
	}
	r.By = who.By()
	done, err := c.d.Imports.Read(ctx, r)
	if err != nil || done.Import == 0 {
		return done, err
	}
	return done, c.log(ctx, who, access.AuditEvent{
		Tenant: r.Tenant, Action: "import records", Object: "pbx " + r.Tenant + "/" + r.PBX,
		After: fmt.Sprintf("import %d: %s: %d calls, %d records cannot be used", done.Import, r.Name, done.Totals.Sent, done.Totals.Unusable),
	})
}

// ImportSelection says which calls are taken back: those of imports, or all of a PBX in a period.
type ImportSelection struct {
	Imports     []int64
	Tenant, PBX string
	From, Till  time.Time // When they began, [From, Till), UTC.
}

// UndoImports takes calls back while somebody waits for it. It may be repeated: what was broken off goes on.
func (c *Console) UndoImports(ctx context.Context, who *access.Principal, s ImportSelection, why string) (importer.Undo, error) {
	why, err := reason(why)
	if err != nil {
		return importer.Undo{}, err
	}
	if len(s.Imports) > 0 {
		if _, err := c.chosen(ctx, who, s.Imports); err != nil {
			return importer.Undo{}, err
		}
	} else if err := mayOf(who, access.UndoImports, s.Tenant); err != nil {
		return importer.Undo{}, err
	}
	undo, err := c.d.Imports.Undo(ctx, importer.Selection{
		Imports: s.Imports, Tenant: s.Tenant, PBX: s.PBX, From: s.From, Till: s.Till, Reason: why, By: who.By(),
	})
	return undo, c.undone(ctx, who, &undo, why, err)
}

// ResumeUndo goes on with an undo that was broken off.
func (c *Console) ResumeUndo(ctx context.Context, who *access.Principal, id int64) (importer.Undo, error) {
	if err := c.mayOfAll(who, access.UndoImports); err != nil {
		return importer.Undo{}, err
	}
	undo, err := c.d.Imports.Resume(ctx, id)
	return undo, c.undone(ctx, who, &undo, "resumed", err)
}

// undone keeps what was taken back in the audit.
func (c *Console) undone(ctx context.Context, who *access.Principal, u *importer.Undo, why string, err error) error {
	if err != nil {
		return importFault(err)
	}
	return c.log(ctx, who, access.AuditEvent{
		Tenant: u.Tenant, Action: "undo import", Object: "pbx " + u.Tenant + "/" + u.PBX,
		After: fmt.Sprintf("undo %d: %d calls taken back, %d stay: %s", u.ID, u.Legs, u.Shared, why),
	})
}

// ImportsAgain takes imports of one PBX back and reads them anew by the settings of now, while somebody waits for it. What was
// done is returned with the error, too.
func (c *Console) ImportsAgain(ctx context.Context, who *access.Principal, ids []int64, why string) ([]importer.Import, importer.Undo, error) {
	why, err := reason(why)
	if err != nil {
		return nil, importer.Undo{}, err
	}
	if _, err := c.chosen(ctx, who, ids); err != nil {
		return nil, importer.Undo{}, err
	}
	fresh, undo, err := c.d.Imports.Again(ctx, ids, why, who.By())
	if err != nil {
		return fresh, undo, importFault(err)
	}
	return fresh, undo, c.log(ctx, who, access.AuditEvent{
		Tenant: undo.Tenant, Action: "import again", Object: "pbx " + undo.Tenant + "/" + undo.PBX,
		After: fmt.Sprintf("imports %s read anew: %s", strings.Trim(fmt.Sprint(ids), "[]"), why),
	})
}

// PreviewImports says what reading imports anew would give, and changes nothing.
func (c *Console) PreviewImports(ctx context.Context, who *access.Principal, ids []int64) ([]importer.Outlook, error) {
	if _, err := c.chosen(ctx, who, ids); err != nil {
		return nil, err
	}
	list, err := c.d.Imports.Preview(ctx, ids)
	return list, importFault(err)
}

// SettleFaults takes records off the list of those that could not be used, because they never will be, and returns how many
// stood there.
func (c *Console) SettleFaults(ctx context.Context, who *access.Principal, faults []int64) (int64, error) {
	if err := c.mayOfAll(who, access.UndoImports); err != nil {
		return 0, err
	}
	n, err := c.d.Imports.Settle(ctx, faults)
	if err != nil {
		return n, err
	}
	return n, c.log(ctx, who, access.AuditEvent{Action: "settle records", Object: "import errors", After: strings.Trim(fmt.Sprint(faults), "[]")})
}
