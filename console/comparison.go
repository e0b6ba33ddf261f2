package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"trunkline/access"
	"trunkline/provision"
	"trunkline/rating"
	"trunkline/rating/deckfile"
)

// deckList is a list that was read, beside the prices that it would change.
type deckList struct {
	revision int64
	prices   *PriceFile
	list     *rating.Deck // Nil: it leaves a question open.
	report   *deckfile.Report
	name     string
	content  []byte
	open     *deckfile.QuestionError // What it leaves open; nil: nothing.
}

func (c *Console) readList(ctx context.Context, who *access.Principal, l *DeckList) (*deckList, error) {
	if err := may(who, access.WritePrices); err != nil {
		return nil, err
	}
	name, content, err := c.d.Uploads.Upload(ctx, l.Upload, who.By())
	if err != nil {
		return nil, goneUpload(err)
	}
	out, err := c.readFrom(ctx, l, name, bytes.NewReader(content))
	if out != nil {
		out.content = content
	}
	return out, err
}

// readFrom reads a list from where it is. What it leaves open is in the answer.
func (c *Console) readFrom(ctx context.Context, l *DeckList, name string, in io.Reader) (*deckList, error) {
	if l.Effective.IsZero() {
		l.Effective = c.d.Clock.Now().Truncate(time.Second)
	}
	out, err := c.pricesNow(ctx, l)
	if err != nil {
		return nil, err
	}
	out.name = name
	out.list, out.report, err = out.prices.Read(ctx, in, ListOptions{Name: name, Answers: l.Answers, Forget: l.Forget, Told: l.Told, Now: c.d.Clock.Now()})
	if asks, ok := errors.AsType[*deckfile.QuestionError](err); ok {
		out.open, err = asks, nil
	}
	return out, err
}

// pricesNow reads the prices that are in force.
func (c *Console) pricesNow(ctx context.Context, l *DeckList) (*deckList, error) {
	stored, err := c.d.Setup.Load(ctx)
	if err != nil {
		return nil, err
	}
	bundle, err := provision.NewBundle(stored.Objects, stored.Files)
	if err != nil {
		return nil, err
	}
	kind, id := l.thing()
	prices, err := ReadPriceFile(ctx, bundle, kind, id)
	return &deckList{revision: stored.Revision, prices: prices}, err
}

// Preview compares what a file of prices is with what it becomes: the same decks that putting the list in force makes.
type Preview struct {
	Next     *rating.Deck
	Watch    *deckfile.Watch
	Closing  int   // Percent of the prices in force that end.
	Refusal  error // Why it is not put in force without being told to; nil: nothing stands against it.
	from     time.Time
	previous *rating.Deck
}

// Preview tells what putting a list in force does. The error is ErrInvalid for a list that cannot be put in force at all.
func (p *PriceFile) Preview(list *rating.Deck, report *deckfile.Report, l *DeckList, now time.Time) (*Preview, error) {
	plan := deckfile.Plan{Mode: l.Mode, Effective: l.Effective, DropAnnounced: l.DropAnnounced}
	if l.Partial && report.Faulty > 0 {
		plan.Mode = deckfile.Update
	}
	next, err := p.Next(list, report, plan)
	if err != nil {
		return nil, err
	}
	out := &Preview{Next: next, previous: p.Deck, from: now, Watch: deckfile.NewWatch(LargeChange)}
	if l.Effective.Before(now) {
		out.from = l.Effective
	}
	for change := range out.Changes() {
		out.Watch.See(change)
	}
	if held := deckfile.InForce(p.Deck, out.from); held > 0 {
		out.Closing = out.Watch.Gone() * percent / held
	}
	out.Refusal = refusal(report, l, out)
	return out, nil
}

const percent = 100

// Changes are what the list changes, in the order of the prefixes.
func (p *Preview) Changes() func(yield func(deckfile.Change) bool) {
	return deckfile.Changes(p.previous, p.Next, p.from)
}

func refusal(report *deckfile.Report, l *DeckList, p *Preview) error {
	switch {
	case report.Faulty > 0 && !l.Partial:
		return invalid("%d lines of the list are faulty, the first: %s; mend them and send the list again, or put the good lines in force alone (partial)", report.Faulty, report.Faults[0])
	case p.Closing > ClosingMost && !l.Yes:
		return invalid("the list ends %d of the prices in force, %d percent of them: say that it is meant (yes), or that the list is only a part (mode update)", p.Watch.Gone(), p.Closing)
	}
	return nil
}

// CompareDeck tells what a list that was sent would change. Nothing is stored. A list that leaves a question open is compared with
// nothing: how it is read so far, and what is asked, is in the answer.
func (c *Console) CompareDeck(ctx context.Context, who *access.Principal, l DeckList) (*Comparison, error) {
	read, err := c.readList(ctx, who, &l)
	if err != nil {
		return nil, err
	}
	out := &Comparison{
		Deck: l.Deck, Tariff: l.Tariff, Upload: l.Upload, Name: read.name, Effective: l.Effective, Mode: l.Mode, Lines: read.report.Lines, Summary: deckfile.Summary{},
		Faulty: read.report.Faulty, Faults: read.report.Faults[:min(len(read.report.Faults), faultsMost)], Notes: read.report.Notes,
		Reading: &read.report.Reading, Mapping: &read.report.Reading.Mapping, Changes: []RateChange{},
	}
	if read.open != nil {
		out.Refused = read.open.Error()
		return out, nil //nolint:nilerr // What is open is the answer.
	}
	return out, out.preview(read, &l, c.d.Clock.Now())
}

// preview fills in what putting the list in force does, or why it cannot be.
func (out *Comparison) preview(read *deckList, l *DeckList, now time.Time) error {
	preview, err := read.prices.Preview(read.list, read.report, l, now)
	switch {
	case errors.Is(err, ErrInvalid):
		out.Refused = err.Error()
		return nil
	case err != nil:
		return err
	}
	out.show(preview)
	return nil
}

// show takes over what putting the list in force does.
func (out *Comparison) show(preview *Preview) {
	out.Summary, out.Warnings, out.Closing = preview.Watch.Summary, preview.Watch.Warnings(), preview.Closing
	if preview.Refusal != nil {
		out.Refused = preview.Refusal.Error()
	}
	for change := range preview.Changes() {
		if change.Kind != deckfile.Same && len(out.Changes) < changesMost {
			out.Changes = append(out.Changes, rateChange(change))
		}
	}
}

// ApplyDeck puts a list in force, all or nothing. Rates that change end when the new ones begin; what calls cost before stays.
func (c *Console) ApplyDeck(ctx context.Context, who *access.Principal, l DeckList) error {
	read, err := c.readList(ctx, who, &l)
	if err == nil && read.open != nil {
		err = fmt.Errorf("%w: %w", ErrInvalid, read.open)
	}
	if err != nil {
		return err
	}
	preview, err := read.prices.Preview(read.list, read.report, &l, c.d.Clock.Now())
	if err == nil {
		err = preview.Refusal
	}
	if err != nil {
		return err
	}
	files, err := read.prices.Files(preview.Next, read.report)
	if err != nil {
		return err
	}
	_, err = c.storeDeck(ctx, who, &l, read, "apply list", files, read.name)
	return err
}

// RejectedLines writes the lines of a list that are faulty, with the reasons, as CSV that can be mended and sent again.
func (c *Console) RejectedLines(ctx context.Context, who *access.Principal, l DeckList, w io.Writer) error {
	read, err := c.readList(ctx, who, &l)
	if err == nil && read.open != nil {
		err = fmt.Errorf("%w: %w", ErrInvalid, read.open)
	}
	if err != nil {
		return err
	}
	return deckfile.WriteRejected(w, bytes.NewReader(read.content), read.report)
}

func (c *Console) storeDeck(ctx context.Context, who *access.Principal, l *DeckList, read *deckList, action string, files map[string][]byte, note string) (int64, error) {
	revision, err := c.d.Setup.Save(ctx, read.revision, &provision.Changes{Files: files}, who.By())
	if err != nil {
		return 0, err
	}
	kind, id := l.thing()
	return revision, c.log(ctx, who, access.AuditEvent{Action: action, Object: string(kind) + " " + id, After: note})
}
