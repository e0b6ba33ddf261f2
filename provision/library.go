package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"trunkline/internal/money"
	"trunkline/rating"
)

// errNoArchive says that a version of the past was asked for where none is kept.
var errNoArchive = errors.New("the versions of the past are not at hand here")

// Bounds of what a library keeps at a time.
const (
	libraryTariffs = 64
	libraryBytes   = 256 << 20
)

// library makes the versions that are in force no more when somebody asks for them, for a late call or an explanation, and keeps
// those that were asked for last. It is safe for concurrent use.
type library struct {
	mu      sync.Mutex // Held while one is made: those who come for the same find it made.
	archive Archive
	kept    []shelved // The one that was asked for last at the end.
}

type shelved struct {
	key    string
	tariff *rating.Tariff
	bytes  int
}

func newLibrary() *library { return &library{} }

func (l *library) use(a Archive) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.archive = a
}

// tariff returns a version of a tariff, or what a version of a deck costs.
func (l *library) tariff(ctx context.Context, v *Version) (*rating.Tariff, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.IndexFunc(l.kept, func(s shelved) bool { return s.key == v.key }); i >= 0 {
		found := l.kept[i]
		l.kept = append(slices.Delete(l.kept, i, i+1), found)
		return found.tariff, nil
	}
	if l.archive == nil {
		return nil, fmt.Errorf("%s %s: %w", v.Kind, v.Label, errNoArchive)
	}
	tariff, err := l.make(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("%s %s, which was in force from %s on: %w", v.Kind, v.Label, v.Begins.Format("2006-01-02"), err)
	}
	l.kept = append(l.kept, shelved{v.key, tariff, sizeOf(tariff)})
	l.forget()
	return tariff, nil
}

// make compiles a version out of the archive.
func (l *library) make(ctx context.Context, v *Version) (*rating.Tariff, error) {
	content := func(f heldFile) ([]byte, error) { return l.archive.Content(ctx, f.sum) }
	if v.Kind == KindTariff {
		return parseVersion(v, content, func(f heldFile, currency money.Currency, data []byte) (*rating.Deck, error) {
			return newDeck(ctx, deckName(f.name), f.name, currency, data)
		})
	}
	data, err := content(v.files[0])
	if err != nil {
		return nil, err
	}
	deck, err := newDeck(ctx, v.ID, v.files[0].name, v.currency, data)
	if err != nil {
		return nil, err
	}
	return rating.FlatTariff(deck, rating.DefaultRounding())
}

// forget drops what was not asked for for the longest.
func (l *library) forget() {
	total := 0
	for i := range l.kept {
		total += l.kept[i].bytes
	}
	for len(l.kept) > 1 && (len(l.kept) > libraryTariffs || total > libraryBytes) {
		total -= l.kept[0].bytes
		l.kept = slices.Delete(l.kept, 0, 1)
	}
}

// sizeOf is about how much memory the decks of a tariff take.
func sizeOf(t *rating.Tariff) int {
	total := 0
	for _, s := range t.Spec().Sources {
		if s.Deck != nil {
			_, all := s.Deck.Bytes()
			total += all
		}
	}
	return total
}
