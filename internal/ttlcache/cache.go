package ttlcache

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"trunkline/internal/clock"
)

// Options bound what is kept.
type Options[T any] struct {
	// For is how old an answer may be that was asked for by others: counted from when the question went out, so that it is never
	// more behind what is stored than that and the time that it took itself.
	For     time.Duration
	Wait    time.Duration // A question is given up after that, whoever may still wait for it.
	Entries int           // So many answers at most.
	Size    int64         // Of all answers together, as SizeOf counts; a larger answer is given but not kept.
	SizeOf  func(T) int64
	Clock   clock.Clock
}

// Cache are the answers of one kind of question. It is safe for concurrent use.
type Cache[T any] struct {
	o     Options[T]
	group singleflight.Group

	mu    sync.Mutex
	size  int64
	byKey map[string]*entry[T]
	order []*entry[T] // The oldest first.
}

type entry[T any] struct {
	key    string
	asked  time.Time
	size   int64
	answer T
}

// New returns an empty store of answers.
func New[T any](o Options[T]) *Cache[T] {
	return &Cache[T]{o: o, byKey: make(map[string]*entry[T])}
}

// Get returns the answer to the question of a key. Who asks while the same is asked waits for that answer; an error goes to
// all who wait for it and is not kept. Many get the same answer, so nobody may change it. When ctx ends, only this one goes
// without: the question goes on for the others, with the values of the context of the first.
func (a *Cache[T]) Get(ctx context.Context, key string, ask func(context.Context) (T, error)) (T, error) {
	if answer, ok := a.find(key); ok {
		return answer, nil
	}
	result := a.group.DoChan(key, func() (any, error) {
		if answer, ok := a.find(key); ok { // It came in just now.
			return answer, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.o.Wait)
		defer cancel()
		asked := a.o.Clock.Now()
		answer, err := ask(ctx)
		if err == nil {
			a.keep(&entry[T]{key: key, asked: asked, size: a.o.SizeOf(answer), answer: answer})
		}
		return answer, err
	})
	select {
	case r := <-result:
		answer, _ := r.Val.(T)
		return answer, r.Err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("wait for an answer: %w", ctx.Err())
	}
}

func (a *Cache[T]) find(key string) (answer T, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forget()
	e, ok := a.byKey[key]
	if !ok {
		return answer, false
	}
	return e.answer, true
}

func (a *Cache[T]) keep(e *entry[T]) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e.size > a.o.Size || a.byKey[e.key] != nil {
		return
	}
	a.byKey[e.key] = e
	a.order = append(a.order, e)
	a.size += e.size
	a.forget()
}

// forget drops the answers that are too old, and the oldest while there are too many. Answers that took long may stand behind
// younger ones for a moment, but are not given any more: they are looked at one by one.
func (a *Cache[T]) forget() {
	now := a.o.Clock.Now()
	rest := a.order[:0]
	for i, e := range a.order {
		old := now.Sub(e.asked) >= a.o.For
		if !old && len(rest)+len(a.order)-i <= a.o.Entries && a.size <= a.o.Size {
			rest = append(rest, e)
			continue
		}
		delete(a.byKey, e.key)
		a.size -= e.size
	}
	clear(a.order[len(rest):])
	a.order = rest
}
