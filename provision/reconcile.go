package provision

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"
)

// KindFile names the files of prices beside the kinds of objects, where both are spoken of.
const KindFile = "file"

// Name names an object, or a file of prices by its name.
type Name struct {
	Kind string // A Kind, or KindFile.
	ID   string
}

// String is the form in which it is named on a command line: "deck/one", "file/decks/one.csv".
func (n Name) String() string { return n.Kind + "/" + n.ID }

// Applied are the hashes of what an operator's file said when it was applied last; zero: it took the thing away.
type Applied map[Name][sha256.Size]byte

// of returns the hash of what the file said of a thing; false: it did not have it.
func (a Applied) of(n Name) (sum [sha256.Size]byte, known bool) {
	sum = a[n]
	return sum, sum != [sha256.Size]byte{}
}

// Conflict is something that was changed both in the operator's file and at another place since the file was applied last.
type Conflict struct {
	Name
	Fields []FieldChange // From what is stored to what the file says; none for files of prices.
	// Gone: it was taken away at the other place. Extra: the file does not have it (any more), and it was made or changed elsewhere.
	Gone, Extra bool
}

// Choice says what is to become of conflicts.
type Choice struct {
	Overwrite []string // Names, or "all": what the file says takes the place of what is stored.
	Keep      []string // Names, or "all": what is stored stays.
}

func (c *Choice) overwrites(n Name) bool { return chosen(c.Overwrite, n) }

func (c *Choice) keeps(n Name) bool {
	return chosen(c.Keep, n) && !slices.Contains(c.Overwrite, n.String())
}

func chosen(list []string, n Name) bool {
	return slices.Contains(list, "all") || slices.Contains(list, n.String()) || n.Kind == KindFile && slices.Contains(list, n.ID)
}

// Reconciled is an operator's file beside what was changed elsewhere since it was applied last.
type Reconciled struct {
	Wanted    *Bundle    // The file with what is stored in the place of what was changed elsewhere and not in the file.
	Kept      []Name     // What was changed elsewhere and stays.
	Conflicts []Conflict // What nobody has chosen about yet.
	Applied   Applied    // What the file says, to be remembered when it is applied.
}

// Reconcile compares an operator's file with what is stored and with what it said when it was applied last. What was changed at
// another place only stays as it is there; what was changed at both is a conflict, which a choice decides.
func Reconcile(current []Object, files map[string][]byte, wanted *Bundle, before Applied, prune bool, choice Choice) (*Reconciled, error) {
	next, err := wanted.Objects()
	if err != nil {
		return nil, err
	}
	r := &Reconciled{Applied: make(Applied)}
	stored := make(map[Name]Object, len(current))
	for _, o := range current {
		stored[Name{string(o.Kind), o.ID}] = o
	}
	objects := make([]Object, 0, len(next))
	for _, o := range next {
		n := Name{string(o.Kind), o.ID}
		old, there := stored[n]
		delete(stored, n)
		if takes := r.weigh(n, []byte(o.Spec), []byte(old.Spec), there, before, choice); takes {
			objects = append(objects, o)
		} else if there {
			objects = append(objects, old)
		}
	}
	if prune {
		objects = r.extras(objects, stored, before, choice)
	}
	contents := make(map[string][]byte, len(wanted.Files))
	for _, name := range slices.Sorted(maps.Keys(wanted.Files)) {
		old, there := files[name]
		n := Name{KindFile, name}
		if r.Applied[n] = sha256.Sum256(wanted.Files[name]); !there || r.weigh(n, wanted.Files[name], old, there, before, choice) {
			contents[name] = wanted.Files[name]
		} else {
			contents[name] = old
		}
	}
	if r.Wanted, err = NewBundle(objects, contents); err != nil {
		return nil, err
	}
	r.Wanted.source, r.Wanted.node = wanted.source, wanted.node
	return r, nil
}

// weigh decides about one thing that the file has; true: what the file says is taken.
func (r *Reconciled) weigh(n Name, mine, theirs []byte, there bool, before Applied, choice Choice) bool {
	sum := sha256.Sum256(mine)
	r.Applied[n] = sum
	base, known := before.of(n)
	now := sha256.Sum256(theirs)
	switch {
	case there && sum == now, !there && !known, known && there && base == now:
		return true
	case choice.overwrites(n):
		return true
	case known && base == sum && there, choice.keeps(n):
		r.Kept = append(r.Kept, n)
		return false
	}
	c := Conflict{Name: n, Gone: !there}
	if n.Kind != KindFile && there {
		c.Fields = Differences(string(theirs), string(mine))
	}
	r.Conflicts = append(r.Conflicts, c)
	return true
}

// extras decides about what is stored and the file does not have, where it is to be taken away: what was made or changed at another
// place is a conflict.
func (r *Reconciled) extras(objects []Object, rest map[Name]Object, before Applied, choice Choice) []Object {
	for _, n := range slices.SortedFunc(maps.Keys(rest), func(a, b Name) int { return cmp.Compare(a.String(), b.String()) }) {
		o := rest[n]
		base, known := before.of(n)
		switch {
		case o.Kind == KindSettings:
			continue
		case known && base == sha256.Sum256([]byte(o.Spec)), choice.overwrites(n):
			r.Applied[n] = [sha256.Size]byte{}
			continue
		case choice.keeps(n):
			r.Kept = append(r.Kept, n)
		default:
			r.Conflicts = append(r.Conflicts, Conflict{Name: n, Extra: true})
		}
		objects = append(objects, o) // It stays, so that the plan does not take it away.
	}
	return objects
}

// Changed are the hashes that are new, or others than before.
func (a Applied) Changed(before Applied) Applied {
	out := make(Applied)
	for n, sum := range a {
		if old, ok := before[n]; !ok || old != sum {
			out[n] = sum
		}
	}
	return out
}
