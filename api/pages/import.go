package pages

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/api"
	"trunkline/console"
	"trunkline/job"
	"trunkline/rating/deckfile"
	"trunkline/rating/deckfile/ratesheet"
)

// importRoutes are the pages by which price lists come in and go out, for decks and for tariffs. They take files.
func (p *Pages) importRoutes() map[string]handler {
	out := make(map[string]handler)
	for _, priced := range []string{"/decks/:id", "/tariffs/:id"} {
		out["GET "+priced+"/import"] = p.newImport
		out["POST "+priced+"/import"] = p.sendList
		out["GET "+priced+"/import/:upload"] = p.compareList
		out["POST "+priced+"/import/:upload"] = p.applyList
		out["POST "+priced+"/import/:upload/compare"] = p.compareAgain
		out["GET "+priced+"/import/:upload/rejected"] = p.rejectedLines
		out["POST "+priced+"/undo"] = p.undoList
		out["GET "+priced+"/sheet"] = p.rateSheet
	}
	return out
}

// importView is a price list on its way.
type importView struct {
	ID, Home   string // Of the deck or the tariff: its id, and its page.
	Comparison *console.Comparison
	Columns    []listColumn
	Uses       []string  // What a column may be read as.
	Settings   []setting // What can be said about the list beside its columns.
	Query      url.Values
	Effective  string // Of the form, in UTC.
	Mode       string
	Kinds      []deckfile.Kind
	Job        *jobView // That compares a long list.
	Versions   []console.FileVersion
	Fields     string // What a rate sheet may have, for whoever writes its columns.
}

// listColumn is one column of the list, and what it is read as.
type listColumn struct {
	deckfile.Seen

	Number int // Counted from 1.
}

// setting is something that can be said about a list.
type setting struct {
	Name  string
	Usage string
	Value string
}

// importOf begins the view of an import.
func (r *request) importOf(mode, effective string) importView {
	l := api.ListOf(r.Context)
	v := importView{ID: r.Param("id"), Home: l.Page(), Mode: mode, Effective: effective, Kinds: deckfile.Kinds(), Query: r.said(), Fields: ratesheet.FieldNames()}
	for _, c := range deckfile.Columns() {
		v.Uses = append(v.Uses, string(c))
	}
	for _, a := range deckfile.AnswerNames() {
		name := strings.ReplaceAll(a.Name, "-", "_")
		if name != "column" && name != "ignore" {
			v.Settings = append(v.Settings, setting{Name: name, Usage: a.Usage, Value: strings.Join(v.Query[name], "; ")})
		}
	}
	return v
}

func (p *Pages) newImport(r *request) error {
	if err := mayRead(r.who, access.WritePrices); err != nil {
		return err
	}
	v := r.importOf(string(deckfile.Full), "")
	var err error
	v.Versions, err = p.o.Console.PriceVersions(r.Request.Context(), r.who, api.ListOf(r.Context))
	if err != nil && !errors.Is(err, console.ErrInvalid) { // A tariff with several files of prices takes no lists.
		return err
	}
	return r.show("import", "Import rate sheet", v)
}

func (p *Pages) sendList(r *request) error {
	v := r.importOf(r.PostForm("mode"), r.PostForm("effective"))
	file, head, err := r.Request.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) {
		return r.again("import", "Import rate sheet", v, errors.Join(console.ErrInvalid, errors.New(r.t("Choose a file."))))
	}
	if err != nil {
		return err
	}
	defer file.Close()
	upload, err := p.o.Console.SendDeck(r.Request.Context(), r.who, api.ListOf(r.Context), head.Filename, file)
	if err != nil {
		return r.again("import", "Import rate sheet", v, err)
	}
	if head.Size <= console.ListMost {
		return r.to(v.Home+"/import/"+upload+with(nil, "mode", v.Mode, "effective", v.Effective), "")
	}
	l, err := r.list()
	if err != nil {
		return r.again("import", "Import rate sheet", v, err)
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
	return r.to(l.Page()+"/import/"+l.Upload+with(r.said(), "mode", string(l.Mode), "effective", r.field("effective"), "job", j.ID), "")
}

// compareAgain compares a long list anew, read as somebody says.
func (p *Pages) compareAgain(r *request) error {
	l, err := r.list()
	if err != nil {
		return err
	}
	return p.compareLong(r, l)
}

// said is what the address and the form say about a list: the names of the API, and use_N for what column N is read as.
func (r *request) said() url.Values {
	out := make(url.Values)
	_ = r.Request.ParseForm() // What cannot be read is not there.
	for _, from := range [...]url.Values{r.Request.URL.Query(), r.Request.PostForm} {
		for name, values := range from {
			if slices.Contains(listNames(), name) && strings.Join(values, "") != "" {
				out[name] = values
			}
		}
		for name, values := range from {
			if number, ok := strings.CutPrefix(name, "use_"); ok {
				sayUse(out, number, values[0])
			}
		}
	}
	return out
}

// listNames are the names that say something about a list or what is done with it.
func listNames() []string {
	out := []string{"partial", "yes", "drop_announced", "forget"}
	for _, a := range deckfile.AnswerNames() {
		out = append(out, strings.ReplaceAll(a.Name, "-", "_"))
	}
	return out
}

// sayUse says what a column is read as.
func sayUse(out url.Values, number, use string) {
	if use == "" {
		out.Add("ignore", number)
		return
	}
	out.Add("column", use+"="+number)
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
	said := r.said()
	for _, many := range [...]string{"period", "mark"} { // A form has one field for all of them.
		said[many] = strings.FieldsFunc(strings.Join(said[many], ";"), func(c rune) bool { return c == ';' })
	}
	return l, api.ListSaid(&l, said)
}

func (p *Pages) compareList(r *request) error {
	v := r.importOf(or(r.Query("mode"), "full"), r.Query("effective"))
	l, err := r.list()
	if err != nil {
		return r.again("import", "Import rate sheet", v, err)
	}
	if r.Query("job") != "" {
		err = p.compared(r, &v)
	} else {
		err = p.compareNow(r, &v, l)
	}
	if err != nil {
		return r.again("import", "Import rate sheet", v, err)
	}
	if v.Comparison == nil {
		return r.show("import", "Import rate sheet", v)
	}
	for _, c := range v.Comparison.Reading.Columns {
		v.Columns = append(v.Columns, listColumn{Seen: c, Number: c.Position + 1})
	}
	return r.show("import", "Import rate sheet", v)
}

// compareNow compares a list while somebody waits.
func (p *Pages) compareNow(r *request, v *importView, l console.DeckList) (err error) {
	v.Comparison, err = p.o.Console.CompareDeck(r.Request.Context(), r.who, l)
	return err
}

// applyLong begins to put a list in force that is too long to wait for, as the job that compared it read it.
func (p *Pages) applyLong(r *request, l console.DeckList) error {
	ctx := r.Request.Context()
	compared, err := p.o.Console.Compared(ctx, r.who, r.Query("job"))
	if err != nil {
		return err
	}
	l.Effective = compared.Effective
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
	if err := p.o.Console.ApplyDeck(r.Request.Context(), r.who, l); err != nil {
		return r.again("import", "Import rate sheet", r.importOf(string(l.Mode), ""), err)
	}
	return r.to(l.Page(), "saved")
}

// rejectedLines sends the faulty lines of a list with their reasons.
func (p *Pages) rejectedLines(r *request) error {
	l, err := r.list()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := p.o.Console.RejectedLines(r.Request.Context(), r.who, l, &out); err != nil {
		return err
	}
	return r.file(r.Param("id")+"-rejected.csv", out.Bytes())
}

// rateSheet sends the prices in the layout that somebody wants.
func (p *Pages) rateSheet(r *request) error {
	sheet, err := api.SheetSaid(r.Request.URL.Query())
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := p.o.Console.RateSheet(r.Request.Context(), r.who, api.ListOf(r.Context), sheet, &out); err != nil {
		return err
	}
	api.SendSheet(r.Context, &sheet, r.Param("id"), out.Bytes())
	return nil
}

func (p *Pages) undoList(r *request) error {
	l := api.ListOf(r.Context)
	revision, err := strconv.ParseInt(or(r.PostForm("revision"), "0"), 10, 64)
	if err != nil {
		return errors.Join(console.ErrInvalid, err)
	}
	if _, err := p.o.Console.UndoDeck(r.Request.Context(), r.who, l, revision); err != nil {
		return err
	}
	return r.to(l.Page(), "done")
}
