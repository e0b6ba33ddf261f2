package provision

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"trunkline/internal/clock"
	"trunkline/internal/money"
)

// Version is one content that a tariff or a deck had, with the time for which it is in force. A content is never overwritten: whoever
// changes a price makes another version, and what was priced by the one before stays as it was.
type Version struct {
	Kind     Kind
	ID       string
	Name     string // What the tariff's file calls it; decks have none.
	Label    string // What is recorded with charges: the name and the beginning of the content's hash.
	Revision int64  // Of the provisioning that brought it.
	Applied  time.Time
	By       string
	Begins   time.Time // From when on it is in force; zero: since ever.
	Ends     time.Time // When it ends by its own word; zero: it holds until the next one begins.
	// Withdrawn says that it was taken back before it began: it was never in force.
	Withdrawn bool

	currency money.Currency // Of a deck.
	from     time.Time      // From when on it holds by its own word; zero: it says nothing.
	corrects time.Time      // From when on it is right, as it is known now: its own word, else that of the one whose place it took.
	files    []heldFile     // The deck, or the tariff and the decks that it names, in the order of its naming.
	key      string
}

// heldFile is a file of a version by its content.
type heldFile struct {
	name string
	sum  [sha256.Size]byte
}

// FileSums are the names of the version's files, the tariff or deck itself first, and the SHA-256 of what they held.
func (v *Version) FileSums() (names []string, sums [][sha256.Size]byte) {
	for _, f := range v.files {
		names, sums = append(names, f.name), append(sums, f.sum)
	}
	return names, sums
}

// Timeline is all versions of one tariff or deck, in the order in which they were applied. The latest of those that have begun
// is in force; of two that begin at the same moment it is the one that was applied last.
type Timeline struct {
	versions []*Version
	byBegin  []*Version // Without those that were withdrawn.
}

// All returns the versions in the order in which they were applied. They must not be changed.
func (t *Timeline) All() []*Version { return t.versions }

// At returns the version in force at a moment, as it was known at that moment. Before the first one begins, and after one has
// ended without a next, it is the nearest: its tariff says itself that it is not in force. Nil: there is no version at all.
func (t *Timeline) At(at time.Time) *Version {
	if t == nil || len(t.byBegin) == 0 {
		return nil
	}
	i, _ := slices.BinarySearchFunc(t.byBegin, at, func(v *Version, at time.Time) int {
		if v.Begins.After(at) {
			return 1
		}
		return -1
	})
	return t.byBegin[max(0, i-1)]
}

// Pick returns the version of a revision, or for 0 the one in force at a moment, nil if nothing was.
func (t *Timeline) Pick(at time.Time, revision int64) (*Version, error) {
	if revision == 0 {
		return t.At(at), nil
	}
	for _, v := range t.versions {
		if v.Revision == revision {
			return v, nil
		}
	}
	return nil, fmt.Errorf("there is no version of revision %d: see `trunkline tariff versions`", revision)
}

// Corrected returns the version that a moment is priced by when it is priced again on purpose, with what is known now: the one with
// the latest beginning by its own word, however late it came, and of those the one that was applied last. One that names no beginning
// corrects the version whose place it took, from that one's beginning on.
func (t *Timeline) Corrected(at time.Time) *Version {
	if t == nil {
		return nil
	}
	var best *Version
	for _, v := range t.versions {
		if !v.Withdrawn && !v.corrects.After(at) && (best == nil || !v.corrects.Before(best.corrects)) {
			best = v
		}
	}
	return cmp.Or(best, t.At(at))
}

// Latest is the version that was applied last; nil: there is none.
func (t *Timeline) Latest() *Version {
	if t == nil || len(t.versions) == 0 {
		return nil
	}
	return t.versions[len(t.versions)-1]
}

// add takes a version that was applied after all others. One that begins before it was applied begins with that: what was priced
// meanwhile was priced by another, unless nothing was in force then.
func (t *Timeline) add(v *Version) {
	v.Begins, v.corrects = v.from, v.from
	if before := t.At(v.Applied); before != nil && v.from.IsZero() && !before.Begins.After(v.Applied) {
		v.corrects = before.corrects
	}
	if before := t.At(v.Applied); before != nil && v.from.Before(v.Applied) && !before.Begins.After(v.Applied) {
		v.Begins = v.Applied
		if !before.Ends.IsZero() && before.Ends.Before(v.Applied) {
			v.Begins = clock.Later(v.from, before.Ends)
		}
	}
	t.versions = append(t.versions, v)
	if v.Withdrawn {
		return
	}
	t.byBegin = append(t.byBegin, v)
	slices.SortStableFunc(t.byBegin, func(a, b *Version) int {
		return cmp.Or(a.Begins.Compare(b.Begins), cmp.Compare(a.Revision, b.Revision))
	})
}

// Next returns when the next version after a moment begins; zero: none is known.
func (t *Timeline) Next(at time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	for _, v := range t.byBegin {
		if v.Begins.After(at) {
			return v.Begins
		}
	}
	return time.Time{}
}

// inForceSince are the versions that are in force at some time from a moment on.
func (t *Timeline) inForceSince(at time.Time) []*Version {
	first := t.At(at)
	i := slices.Index(t.byBegin, first)
	if i < 0 {
		return nil
	}
	return t.byBegin[i:]
}

// Span is a time for which a version is in force.
type Span struct {
	Version    *Version
	From, Till time.Time
}

// Spans are the versions that are in force in a time, one after the other. There may be gaps between them.
func (t *Timeline) Spans(from, till time.Time) []Span {
	if t == nil {
		return nil
	}
	var out []Span
	for i, v := range t.byBegin {
		s := Span{v, clock.Later(from, v.Begins), till}
		if i+1 < len(t.byBegin) && t.byBegin[i+1].Begins.Before(s.Till) {
			s.Till = t.byBegin[i+1].Begins
		}
		if !v.Ends.IsZero() && v.Ends.Before(s.Till) {
			s.Till = v.Ends
		}
		if s.From.Before(s.Till) {
			out = append(out, s)
		}
	}
	return out
}

// State says in a word how a version stands at a moment: past, in_force, announced, ended or withdrawn.
func (t *Timeline) State(v *Version, now time.Time) string {
	switch {
	case v.Withdrawn:
		return "withdrawn"
	case v.Begins.After(now):
		return "announced"
	case t.At(now) != v:
		return "past"
	case !v.Ends.IsZero() && !now.Before(v.Ends):
		return "ended"
	}
	return "in_force"
}
