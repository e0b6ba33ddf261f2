package provision

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"time"

	"trunkline/rating"
)

// Past is what is kept of the tariffs and decks that were ever set up, those of now among them. A bundle that has it is compiled
// with all versions of its prices; one without knows only what it holds.
type Past struct {
	Objects   []PastObject // Tariffs and decks, in the order of their revisions.
	Files     []PastFile   // Likewise.
	Withdrawn []Withdrawal
	Archive   Archive
	Contracts map[string]Contract // By tenant.
	Revision  int64               // Of what is provisioned; 0: not known.
	Rates     []ExchangeRate      // That were fetched or imported.
}

// PastObject is a tariff or a deck as it was set up from a revision on.
type PastObject struct {
	Kind     Kind
	ID       string
	Spec     string // Empty: it was taken away.
	Revision int64
	At       time.Time
	By       string
}

// PastFile is what a file held from a revision on.
type PastFile struct {
	Name     string
	Sum      [sha256.Size]byte
	Revision int64
	At       time.Time
	By       string
}

// Withdrawal takes a version back that has not begun yet.
type Withdrawal struct {
	Kind     Kind
	ID       string
	Revision int64 // Of the version.
}

// Archive gives back what files once held.
type Archive interface {
	// Content returns the content with a SHA-256; an error where it is not there. It may be called again after an error.
	Content(ctx context.Context, sum [sha256.Size]byte) ([]byte, error)
}

// With returns the past as it will be when changes are stored as a revision.
func (p *Past) With(c *Changes, revision int64, at time.Time, by string) *Past {
	next := &Past{Objects: slices.Clone(p.Objects), Files: slices.Clone(p.Files), Withdrawn: p.Withdrawn, Archive: p.Archive, Contracts: p.Contracts, Rates: p.Rates}
	for _, o := range c.Put {
		if o.Kind == KindTariff || o.Kind == KindDeck {
			next.Objects = append(next.Objects, PastObject{o.Kind, o.ID, o.Spec, revision, at, by})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		next.Files = append(next.Files, PastFile{name, sha256.Sum256(c.Files[name]), revision, at, by})
	}
	return next
}

// thing names a tariff or a deck.
type thing struct {
	kind Kind
	id   string
}

// historian goes through the past revision by revision and notes when tariffs and decks had which content.
type historian struct {
	ctx       context.Context //nolint:containedctx // It lives as long as one past is read.
	archive   Archive
	outlines  map[[sha256.Size]byte]rating.Outline // Kept by the compiler: contents never change.
	withdrawn map[Withdrawal]bool
	files     map[string][sha256.Size]byte
	specs     map[thing]string
	needs     map[string]map[thing]bool // By file, who is made of it.
	timelines map[thing]*Timeline
}

// moment is one revision: what was changed by it.
type moment struct {
	revision int64
	at       time.Time
	by       string
	objects  []PastObject
	files    []PastFile
}

// moments puts the past in order.
func (p *Past) moments() []*moment {
	all := make(map[int64]*moment)
	of := func(revision int64, at time.Time, by string) *moment {
		m, ok := all[revision]
		if !ok {
			m = &moment{revision: revision, at: at.UTC(), by: by}
			all[revision] = m
		}
		return m
	}
	for _, o := range p.Objects {
		m := of(o.Revision, o.At, o.By)
		m.objects = append(m.objects, o)
	}
	for _, f := range p.Files {
		m := of(f.Revision, f.At, f.By)
		m.files = append(m.files, f)
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *moment) int { return cmp.Compare(a.revision, b.revision) })
}

// read makes the timelines.
func (h *historian) read(p *Past) (map[thing]*Timeline, error) {
	h.withdrawn, h.files, h.specs = make(map[Withdrawal]bool), make(map[string][sha256.Size]byte), make(map[thing]string)
	h.needs, h.timelines = make(map[string]map[thing]bool), make(map[thing]*Timeline)
	for _, w := range p.Withdrawn {
		h.withdrawn[w] = true
	}
	for _, m := range p.moments() {
		touched := make(map[thing]bool)
		for _, f := range m.files {
			h.files[f.Name] = f.Sum
			maps.Copy(touched, h.needs[f.Name])
		}
		for _, o := range m.objects {
			t := thing{o.Kind, o.ID}
			h.specs[t] = o.Spec
			touched[t] = true
		}
		for t := range touched {
			if err := h.note(t, m); err != nil {
				return nil, fmt.Errorf("%s %s as of revision %d: %w", t.kind, t.id, m.revision, err)
			}
		}
	}
	return h.timelines, nil
}

// note adds the version that a thing has since a moment, if it is another than before.
func (h *historian) note(t thing, m *moment) error {
	spec := h.specs[t]
	if spec == "" {
		return nil // It was taken away: calls of its time are priced by what it was.
	}
	v := &Version{Kind: t.kind, ID: t.id, Revision: m.revision, Applied: m.at, By: m.by, Withdrawn: h.withdrawn[Withdrawal{t.kind, t.id, m.revision}]}
	complete, err := h.describe(v, spec)
	if err != nil || !complete {
		return err
	}
	line := h.timelines[t]
	if line == nil {
		line = &Timeline{}
		h.timelines[t] = line
	}
	if last := line.Latest(); last == nil || last.key != v.key || last.Withdrawn {
		line.add(v)
	}
	return nil
}

// describe fills in what a version is made of. False: a file of it is not there, so that it cannot have been in force.
func (h *historian) describe(v *Version, spec string) (bool, error) {
	if v.Kind == KindDeck {
		var d DeckSource
		if err := decode(spec, &d); err != nil {
			return false, err
		}
		v.currency = d.Currency
		if !h.take(v, d.File) {
			return false, nil
		}
		v.Label, v.key = label(v), deckVersionKey(v)
		return true, nil
	}
	var t TariffSource
	if err := decode(spec, &t); err != nil {
		return false, err
	}
	if !h.take(v, t.File) {
		return false, nil
	}
	outline, err := h.outline(t.File, h.files[t.File])
	if err != nil {
		return false, err
	}
	v.Name, v.from, v.Ends = outline.Version, outline.From, outline.Till
	for _, file := range outline.Files {
		if !h.take(v, path.Join(path.Dir(t.File), file)) {
			return false, nil
		}
	}
	v.Label, v.key = label(v), versionKey(v)
	return true, nil
}

// take notes that a version is made of a file.
func (h *historian) take(v *Version, name string) bool {
	who, ok := h.needs[name]
	if !ok {
		who = make(map[thing]bool)
		h.needs[name] = who
	}
	who[thing{v.Kind, v.ID}] = true
	sum, ok := h.files[name]
	v.files = append(v.files, heldFile{name, sum})
	return ok
}

// outline reads what a tariff file says of itself, once for each content.
func (h *historian) outline(name string, sum [sha256.Size]byte) (rating.Outline, error) {
	if known, ok := h.outlines[sum]; ok {
		return known, nil
	}
	data, err := h.archive.Content(h.ctx, sum)
	if err != nil {
		return rating.Outline{}, err
	}
	outline, err := rating.ReadOutline(name, data)
	if err == nil {
		h.outlines[sum] = outline
	}
	return outline, err
}

// contentSum is one hash of all that a version is made of: that of the file where there is one only.
func (v *Version) contentSum() []byte {
	if len(v.files) == 1 {
		return v.files[0].sum[:]
	}
	var all bytes.Buffer
	for _, f := range v.files {
		all.Write(f.sum[:])
	}
	sum := sha256.Sum256(all.Bytes())
	return sum[:]
}

func versionKey(v *Version) string {
	return string(v.Kind) + "/" + v.ID + "@" + hex.EncodeToString(v.contentSum())
}

func deckVersionKey(v *Version) string { return versionKey(v) + "/" + v.currency.String() }

// labelHash is how many bytes of a content's hash stand in a label.
const labelHash = 4

// label is how a version is recorded: id@name.hash, or id@hash where it has no name.
func label(v *Version) string {
	hash := hex.EncodeToString(v.contentSum()[:labelHash])
	if v.Name == "" {
		return v.ID + "@" + hash
	}
	return v.ID + "@" + v.Name + "." + hash
}
