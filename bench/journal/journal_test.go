// Package journal measures stores that the journal of calls might have been, by what one call writes (see sipproxy/journal, BenchmarkCall), and what
// is left of a hundred entries when one bit flips. It is a module of its own: the product needs none of them.
package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/tidwall/wal"
	"go.etcd.io/bbolt"
)

type change struct{ key, value []byte }

// store is a candidate: write returns when what was written outlives the death of the process.
type store interface {
	write(changes ...change) error
	close() error
	count() (there, wrong int)
}

// isWrong reports whether a value is not what was written: zeros.
func isWrong(value []byte) int {
	if len(bytes.Trim(value, "\x00")) > 0 {
		return 1
	}
	return 0
}

type pebbled struct {
	db *pebble.DB
	o  *pebble.WriteOptions
}

func openPebble(dir string, o *pebble.WriteOptions) (store, error) {
	db, err := pebble.Open(dir, &pebble.Options{Logger: quiet{}})
	return &pebbled{db, o}, err
}

type quiet struct{}

func (quiet) Infof(string, ...any)         {}
func (quiet) Errorf(string, ...any)        {}
func (quiet) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }

func (p *pebbled) write(changes ...change) error {
	b := p.db.NewBatch()
	for _, c := range changes {
		if len(c.value) == 0 {
			_ = b.Delete(c.key, nil)
		} else {
			_ = b.Set(c.key, c.value, nil)
		}
	}
	return b.Commit(p.o)
}
func (p *pebbled) close() error { return p.db.Close() }
func (p *pebbled) count() (n, wrong int) {
	it, err := p.db.NewIter(nil)
	if err != nil {
		return -1, 0
	}
	defer it.Close()
	for it.First(); it.Valid(); it.Next() {
		n++
		wrong += isWrong(it.Value())
	}
	return n, wrong
}

type bolted struct{ db *bbolt.DB }

func openBolt(dir string, noSync bool) (store, error) {
	db, err := bbolt.Open(filepath.Join(dir, "db"), 0o600, &bbolt.Options{NoSync: noSync, NoFreelistSync: true})
	if err != nil {
		return nil, err
	}
	return &bolted{db}, db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucketIfNotExists([]byte("j")); return err })
}

func (b *bolted) write(changes ...change) error {
	return b.db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte("j"))
		for _, c := range changes {
			var err error
			if len(c.value) == 0 {
				err = bucket.Delete(c.key)
			} else {
				err = bucket.Put(c.key, c.value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
func (b *bolted) close() error { return b.db.Close() }
func (b *bolted) count() (n, wrong int) {
	_ = b.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("j")).ForEach(func(_, v []byte) error { n++; wrong += isWrong(v); return nil })
	})
	return n, wrong
}

// logged is a log without keys: what is live would have to be kept and written again beside it.
type logged struct {
	log  *wal.Log
	next uint64
}

func openWAL(dir string) (store, error) {
	log, err := wal.Open(dir, &wal.Options{NoSync: true})
	if err != nil {
		return nil, err
	}
	last, err := log.LastIndex()
	return &logged{log, last + 1}, err
}

func (l *logged) write(changes ...change) error {
	for _, c := range changes {
		b := append(binary.AppendUvarint(nil, uint64(len(c.key))), c.key...)
		if err := l.log.Write(l.next, append(b, c.value...)); err != nil {
			return err
		}
		l.next++
	}
	return nil
}
func (l *logged) close() error { return l.log.Close() }
func (l *logged) count() (n, wrong int) {
	first, _ := l.log.FirstIndex()
	for i := first; i < l.next && i > 0; i++ {
		data, err := l.log.Read(i)
		if err != nil {
			continue
		}
		n++
		key, used := binary.Uvarint(data)
		wrong += isWrong(data[used+int(key):])
	}
	return n, wrong
}

func candidates() map[string]func(dir string) (store, error) {
	return map[string]func(dir string) (store, error){
		"pebble-nosync": func(dir string) (store, error) { return openPebble(dir, pebble.NoSync) },
		"pebble-sync":   func(dir string) (store, error) { return openPebble(dir, pebble.Sync) },
		"bbolt-nosync":  func(dir string) (store, error) { return openBolt(dir, true) },
		"tidwall-wal":   openWAL,
	}
}

func names() (out []string) {
	for name := range candidates() {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

func BenchmarkCall(b *testing.B) {
	for _, name := range names() {
		b.Run(name, func(b *testing.B) {
			s, err := candidates()[name](b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			state, why, last := make([]byte, 1200), make([]byte, 1500), make([]byte, 40)
			n := 0
			for b.Loop() {
				id := fmt.Sprintf("019a2000-13d4-7e00-b66d-%012d", n)
				call, decision, end := []byte("call/"+id), []byte("why/"+id), []byte("last/"+id)
				err := s.write(change{decision, why}, change{call, state})
				for range 2 {
					err = s.write(change{call, state})
				}
				for range 4 {
					err = s.write(change{end, last})
				}
				if n >= 1000 {
					old := fmt.Sprintf("019a2000-13d4-7e00-b66d-%012d", n-1000)
					err = s.write(change{[]byte("last/" + old), nil}, change{[]byte("call/" + old), nil}, change{[]byte("why/" + old), nil})
				}
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			_ = s.close()
		})
	}
}

// TestFlippedBit tells what is left of a hundred entries when a bit flips in the middle of the largest file.
func TestFlippedBit(t *testing.T) {
	for _, name := range names() {
		dir := t.TempDir()
		s, err := candidates()[name](dir)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 100 {
			if err := s.write(change{fmt.Appendf(nil, "call/%d", n), make([]byte, 1200)}); err != nil {
				t.Fatal(err)
			}
		}
		if name[:4] == "pebb" { // As it is after a kill: what was written is in its log.
			crashed := t.TempDir()
			_ = os.CopyFS(crashed, os.DirFS(dir))
			_ = s.close()
			dir = crashed
			_ = os.Remove(filepath.Join(dir, "LOCK"))
		} else {
			_ = s.close()
		}
		flip(t, dir)
		t.Logf("%-14s %s", name, left(func() (store, error) { return candidates()[name](dir) }))
	}
}

func left(open func() (store, error)) (said string) {
	defer func() {
		if r := recover(); r != nil {
			said = fmt.Sprintf("panics: %.100v", r)
		}
	}()
	s, err := open()
	if err != nil {
		return fmt.Sprintf("does not open: %v", err)
	}
	defer func() { _ = s.close() }()
	n, wrong := s.count()
	return fmt.Sprintf("%d of 100 are left, %d of them with another value than was written", n, wrong)
}

func flip(t *testing.T, dir string) {
	t.Helper()
	var largest string
	var size int64
	_ = filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Size() > size && !info.IsDir() {
			largest, size = path, info.Size()
		}
		return err
	})
	data, err := os.ReadFile(largest)
	if err != nil {
		t.Fatal(err)
	}
	last := len(data)
	for last > 0 && data[last-1] == 0 {
		last--
	}
	data[last/2] ^= 1
	if err := os.WriteFile(largest, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
