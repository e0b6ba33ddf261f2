package sim

import (
	"encoding/binary"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"trunkline/cdr/spool"
	"trunkline/internal/disk"
	"trunkline/internal/faultfs"
	"trunkline/internal/frame"
	"trunkline/sipproxy/journal"
)

// What can be wrong with a disk for a while.
const (
	full    = "full"
	broken  = "broken"
	torn    = "torn"
	unsure  = "unsure" // Sync fails.
	lying   = "lying"  // Sync does nothing.
	noWrong = ""
)

// hurt lets something happen to the disk, or to the clock.
func (p *proxy) hurt() error {
	w := p.w
	switch n := w.random.IntN(10); {
	case n < 3:
		return p.flip()
	case n < 4:
		p.disk.Short(w.random.IntN(60))
		w.trace("%s: the next write is cut short", p.name)
	case n < 5 && !p.dead:
		p.die(true)
	case n < 6:
		p.setClock()
	default:
		p.fail([]string{full, broken, torn, unsure, lying}[w.random.IntN(5)])
	}
	return nil
}

// fail has the disk fail until it is mended.
func (p *proxy) fail(how string) {
	p.mend()
	p.trouble = how
	p.w.trace("%s: its disk is %s", p.name, how)
	switch how {
	case full:
		p.disk.Bound(p.w.random.Int64N(3000))
	case broken:
		p.disk.Break(syscall.EIO)
	case torn:
		p.disk.KeepTorn(true)
		p.disk.Short(p.w.random.IntN(60))
	case unsure:
		p.disk.FailSync(syscall.EIO)
	case lying:
		p.disk.LoseSyncs(true)
		p.lied = true
	}
}

// mend has the disk be well again.
func (p *proxy) mend() {
	if p.trouble == noWrong {
		return
	}
	p.disk.Bound(-1)
	p.disk.Break(nil)
	p.disk.KeepTorn(false)
	p.disk.FailSync(nil)
	p.disk.LoseSyncs(p.w.options.Fault == NoSync)
	p.trouble = noWrong
}

// setClock sets the wall, a little or a lot.
func (p *proxy) setClock() {
	most := []time.Duration{time.Second, time.Minute, 2 * time.Hour}[p.w.random.IntN(3)]
	p.machine.offset += time.Duration(p.w.random.Int64N(int64(2*most)) - int64(most)).Round(time.Millisecond)
	p.machine.offset = max(-6*time.Hour, min(6*time.Hour, p.machine.offset))
	p.w.trace("%s: its clock is set; it is off by %s", p.name, p.machine.offset)
}

// crash is the death of the machine. What a disk has lied about may be lost.
func (p *proxy) crash() {
	p.disk.Crash(p.w.random)
	p.machine.boot()
	p.died = true
	if !p.lied {
		return
	}
	for _, f := range p.fates {
		f.excused = true
	}
	for _, one := range p.promised {
		one.lied = one.lied || !one.sent
	}
	p.lied = p.trouble == lying // What is there now lasts.
}

// flip flips a bit anywhere on the disk. The entry or the leg that it hits may be lost, and nothing else.
func (p *proxy) flip() error {
	files := p.disk.Files("/proxy")
	var total int64
	sizes := make([]int64, len(files))
	for i, path := range files {
		if path == reserveFile {
			continue
		}
		data, err := p.disk.ReadFile(path)
		if err != nil {
			return err
		}
		sizes[i] = int64(len(data))
		total += sizes[i]
	}
	if total == 0 {
		return nil
	}
	at := p.w.random.Int64N(total)
	for i, path := range files {
		if at >= sizes[i] {
			at -= sizes[i]
			continue
		}
		return p.flipAt(path, at, uint(p.w.random.IntN(8)))
	}
	return nil
}

func (p *proxy) flipAt(path string, at int64, bit uint) error {
	hit, err := p.hit(path, at)
	if err != nil {
		return err
	}
	p.w.trace("%s: a bit of %s flips at %d, in %q", p.name, generic(path), at, hit)
	p.flipped = true
	return p.disk.Flip(path, at, bit)
}

// generic is the path of a file without what is made up at random.
func generic(path string) string {
	dir, name := filepath.Split(path)
	if number, _, ok := strings.Cut(strings.TrimPrefix(name, "journal-"), "-"); ok {
		return dir + number
	}
	return path
}

// hit notes what is hit at a place of a file, and returns it.
func (p *proxy) hit(path string, at int64) (string, error) {
	switch dir, name := filepath.Split(path); {
	case frame.IsAside(name) || strings.HasSuffix(name, ".new"):
	case filepath.Clean(dir) == spoolDir && strings.HasSuffix(name, ".legs"):
		return p.hitLeg(path, at)
	case filepath.Clean(dir) == journalDir:
		return p.hitEntry(path, at)
	}
	return "", nil
}

func (p *proxy) hitLeg(path string, at int64) (string, error) {
	found, err := spool.Read(p.disk, path)
	if err != nil {
		return "", err
	}
	for _, one := range found {
		if at < one.Offset || at >= one.Offset+int64(len(one.Raw)) || !one.Sound {
			continue
		}
		if promised := p.promised[legID(one.Leg)]; promised != nil {
			promised.struck = promised.struck || !promised.sent
		}
		return one.Leg.ID(), nil
	}
	return "", nil
}

func (p *proxy) hitEntry(path string, at int64) (string, error) {
	parts, err := p.entries(path)
	if err != nil {
		return "", err
	}
	for _, e := range parts {
		if at < e.Offset || at >= e.Offset+e.Length {
			continue
		}
		_, text, _ := strings.Cut(e.key, "/")
		for _, f := range p.all {
			if f.id.String() == text {
				f.excused = true
			}
		}
		return e.key, nil
	}
	return "", nil
}

// entry is an entry of the journal as it stands in a file.
type entry struct {
	frame.Part

	key string
}

// entries reads a file of the journal, as its format is described in sipproxy/journal.
func (p *proxy) entries(path string) ([]entry, error) {
	_, hex, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), "journal-"), "-")
	salt, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		return nil, err
	}
	data, err := p.disk.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []entry
	for part := range frame.New(salt, journal.MaxEntry).Parts(data) {
		if part.Kind == frame.Whole {
			n := binary.BigEndian.Uint16(part.Body)
			out = append(out, entry{part, string(part.Body[2 : 2+n])})
		}
	}
	return out, nil
}

// onDisk reports whether a file of the journal has an entry of a key.
func (p *proxy) onDisk(key string) (bool, error) {
	files := p.disk.Files(journalDir)
	for _, path := range slices.Backward(files) {
		if frame.IsAside(path) || strings.HasSuffix(path, ".new") {
			continue
		}
		parts, err := p.entries(path)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(parts, func(e entry) bool { return e.key == key }) {
			return true, nil
		}
	}
	return false, nil
}

// settleDamage is what an operator does who has looked at the damaged parts.
func (p *proxy) settleDamage() error {
	for _, dir := range []string{journalDir, spoolDir} {
		parts, err := frame.Damage(p.disk, dir)
		if err != nil {
			return err
		}
		for _, part := range parts {
			if err := frame.Settle(p.disk, part.Path); err != nil {
				return err
			}
		}
	}
	return nil
}

// damaged counts the damaged parts on the disk.
func (p *proxy) damaged() (n int, err error) {
	for _, dir := range []string{journalDir, spoolDir} {
		parts, err := frame.Damage(p.disk, dir)
		if err != nil {
			return 0, err
		}
		n += len(parts)
	}
	return n, nil
}

// loseSpool removes what was not sent: a fault on purpose.
func (p *proxy) loseSpool() {
	for _, path := range p.disk.Files(spoolDir) {
		_ = p.disk.Remove(path)
	}
}

// appending is a disk on which what was torn stays, and what is written next stands behind it: a fault on purpose.
type appending struct{ *faultfs.Disk }

// Create implements disk.FS.
func (a appending) Create(path string) (disk.File, error) {
	f, err := a.Disk.Create(path)
	return appendingFile{f}, err
}

// Open implements disk.FS.
func (a appending) Open(path string) (disk.File, error) {
	f, err := a.Disk.Open(path)
	return appendingFile{f}, err
}

type appendingFile struct{ disk.File }

// WriteAt implements disk.File.
func (f appendingFile) WriteAt(data []byte, _ int64) (int, error) {
	size, err := f.Size()
	if err != nil {
		return 0, err
	}
	return f.File.WriteAt(data, size)
}

// Truncate implements disk.File.
func (appendingFile) Truncate(int64) error { return nil }

var _ spool.Sender = (*proxy)(nil)
