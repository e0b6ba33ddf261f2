package pages

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"trunkline/access"
	"trunkline/api"
	"trunkline/console"
	"trunkline/job"
	"trunkline/rating/deckfile"
)

// importRooms are the pages by which price lists come in, for decks and for tariffs. They take files.
func (p *Pages) importRooms() map[string]handler {
	return map[string]handler{
		"GET /decks/:id/import": p.newImport, "POST /decks/:id/import": p.sendList, "GET /decks/:id/import/:upload": p.compareList,
		"POST /decks/:id/import/:upload": p.applyList, "POST /decks/:id/import/:upload/compare": p.compareAgain, "POST /decks/:id/undo": p.undoList,
		"GET /tariffs/:id/import": p.newImport, "POST /tariffs/:id/import": p.sendList, "GET /tariffs/:id/import/:upload": p.compareList,
		"POST /tariffs/:id/import/:upload": p.applyList, "POST /tariffs/:id/import/:upload/compare": p.compareAgain, "POST /tariffs/:id/undo": p.undoList,
	}
}

// importView is a price list on its way.
type importView struct {
	ID, Home   string // Of the deck or the tariff: its id, and its page.
	Comparison *console.Comparison
	Columns    []mappedColumn
	Effective  string // Of the form, in UTC.
	Mode       string
	Kinds      []deckfile.Kind
	Job        *jobView // That compares a long list.
}

// importOf begins the view of an import.
func (r *request) importOf(mode, effective string) importView {
	l := api.ListOf(r.Context)
	return importView{ID: r.Param("id"), Home: l.Page(), Mode: mode, Effective: effective, Kinds: deckfile.Kinds()}
}

// mappedColumn says in which column of the list something stands.
type mappedColumn struct {
	Name deckfile.Column
	At   string // Counted from 1; empty: nowhere.
}

func (p *Pages) newImport(r *request) error {
	if err := mayRead(r.who, access.WritePrices); err != nil {
		return err
	}
	return r.show("import", "Import a list", r.importOf(string(deckfile.Full), ""))
}

func (p *Pages) sendList(r *request) error {
	v := r.importOf(r.PostForm("mode"), r.PostForm("effective"))
	file, head, err := r.Request.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) {
		return r.again("import", "Import a list", v, errors.Join(console.ErrInvalid, errors.New(r.t("Choose a file."))))
	}
	if err != nil {
		return err
	}
	defer file.Close()
	upload, err := p.o.Console.SendDeck(r.Request.Context(), r.who, api.ListOf(r.Context), head.Filename, file)
	if err != nil {
		return r.again("import", "Import a list", v, err)
	}
	if head.Size <= console.ListMost {
		return r.to(v.Home+"/import/"+upload+with(nil, "mode", v.Mode, "effective", v.Effective), "")
	}
	l, err := r.list()
	if err != nil {
		return r.again("import", "Import a list", v, err)
	}
	l.Upload = upload
	return p.compareLong(r, l)
}

// compareLong begins to compare a list that is too long to wait for.
func (p *Pages) compareLong(r *request, l console.DeckList) error {
	j, err := p.o.Console.StartCompare(r.Request.Context(), r.who, l)
	if err != nil {
		return err
	}
	return r.to(l.Page()+"/import/"+l.Upload+with(nil, "mode", string(l.Mode), "effective", r.field("effective"), "job", j.ID), "")
}

// compareAgain compares a long list anew with the columns that somebody chose.
func (p *Pages) compareAgain(r *request) error {
	l, err := r.list()
	if err != nil {
		return err
	}
	former, err := p.o.Console.Compared(r.Request.Context(), r.who, r.Query("job"))
	if err != nil {
		return err
	}
	l.Mapping = r.remap(former.Mapping)
	return p.compareLong(r, l)
}

// compared is what the job that compared a long list found out, once it is over.
func (p *Pages) compared(r *request, v *importView) (err error) {
	ctx := r.Request.Context()
	if v.Job, err = p.jobView(ctx, r, r.Query("job")); err != nil || v.Job.State != job.Done {
		return err
	}
	v.Comparison, err = p.o.Console.Compared(ctx, r.who, v.Job.ID)
	return err
}

// list reads what the address says of a list.
func (r *request) list() (l console.DeckList, err error) {
	l = api.ListOf(r.Context)
	if l.Mode, err = deckfile.ParseMode(r.field("mode")); err != nil {
		return l, errors.Join(console.ErrInvalid, err)
	}
	if text := r.field("effective"); text != "" {
		if l.Effective, err = time.Parse("2006-01-02T15:04", text); err != nil {
			return l, errors.Join(console.ErrInvalid, err)
		}
	}
	return l, nil
}

// remap takes the columns from the address, where somebody chose them.
func (r *request) remap(m *deckfile.Mapping) *deckfile.Mapping {
	if r.field("first_row") == "" || m == nil {
		return nil
	}
	out := *m
	out.Columns = make(map[deckfile.Column]int)
	out.FirstRow, _ = strconv.Atoi(r.field("first_row")) // Nonsense is the first.
	for _, c := range deckfile.Columns() {
		if n, err := strconv.Atoi(r.field("column_" + string(c))); err == nil && n > 0 {
			out.Columns[c] = n - 1
		}
	}
	return &out
}

func (p *Pages) compareList(r *request) error {
	v := r.importOf(or(r.Query("mode"), "full"), r.Query("effective"))
	l, err := r.list()
	if err != nil {
		return r.again("import", "Import a list", v, err)
	}
	if r.Query("job") != "" {
		err = p.compared(r, &v)
	} else {
		err = p.compareNow(r, &v, l)
	}
	if err != nil {
		return r.again("import", "Import a list", v, err)
	}
	if v.Comparison == nil {
		return r.show("import", "Import a list", v)
	}
	for _, c := range deckfile.Columns() {
		one := mappedColumn{Name: c}
		if at, ok := v.Comparison.Mapping.Columns[c]; ok {
			one.At = strconv.Itoa(at + 1)
		}
		v.Columns = append(v.Columns, one)
	}
	return r.show("import", "Import a list", v)
}

// compareNow compares a list while somebody waits.
func (p *Pages) compareNow(r *request, v *importView, l console.DeckList) (err error) {
	ctx := r.Request.Context()
	if v.Comparison, err = p.o.Console.CompareDeck(ctx, r.who, l); err != nil {
		return err
	}
	if mapping := r.remap(v.Comparison.Mapping); mapping != nil {
		l.Mapping = mapping
		v.Comparison, err = p.o.Console.CompareDeck(ctx, r.who, l)
	}
	return err
}

// applyLong begins to put a list in force that is too long to wait for, as the job that compared it read it.
func (p *Pages) applyLong(r *request, l console.DeckList) error {
	ctx := r.Request.Context()
	compared, err := p.o.Console.Compared(ctx, r.who, r.Query("job"))
	if err != nil {
		return err
	}
	l.Mapping, l.Effective = compared.Mapping, compared.Effective
	j, err := p.o.Console.StartApply(ctx, r.who, l)
	if err != nil {
		return err
	}
	return r.to("/jobs/"+j.ID, "")
}

func (p *Pages) applyList(r *request) error {
	l, err := r.list()
	if err != nil {
		return err
	}
	if r.Query("job") != "" {
		return p.applyLong(r, l)
	}
	if r.Query("first_row") != "" { // Somebody chose the columns.
		compared, err := p.o.Console.CompareDeck(r.Request.Context(), r.who, l)
		if err != nil {
			return err
		}
		l.Mapping = r.remap(compared.Mapping)
	}
	if err := p.o.Console.ApplyDeck(r.Request.Context(), r.who, l); err != nil {
		return r.again("import", "Import a list", r.importOf(string(l.Mode), ""), err)
	}
	return r.to(l.Page(), "saved")
}

func (p *Pages) undoList(r *request) error {
	l := api.ListOf(r.Context)
	if err := p.o.Console.UndoDeck(r.Request.Context(), r.who, l); err != nil {
		return err
	}
	return r.to(l.Page(), "done")
}
