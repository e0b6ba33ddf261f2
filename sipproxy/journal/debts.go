package journal

// debts are the keys whose last change is not in a file, the oldest debt first.
type debts struct {
	due   map[string]struct{}
	queue []string // In their order; those that are not due any more are passed over.
}

func newDebts() debts { return debts{due: make(map[string]struct{})} }

func (d *debts) len() int { return len(d.due) }

func (d *debts) add(keys ...string) {
	for _, key := range keys {
		if _, ok := d.due[key]; !ok {
			d.due[key] = struct{}{}
			d.queue = append(d.queue, key)
		}
	}
}

func (d *debts) remove(key string) {
	delete(d.due, key)
	if len(d.due) == 0 {
		d.queue = nil
	}
}

// first returns the oldest ones, so many at most.
func (d *debts) first(most int) []string {
	out := make([]string, 0, min(most, len(d.due)))
	for i := 0; len(out) < cap(out); i++ {
		key := d.queue[i]
		if _, ok := d.due[key]; !ok {
			continue
		}
		if len(out) == 0 {
			d.queue, i = d.queue[i:], 0
		}
		out = append(out, key)
	}
	return out
}
