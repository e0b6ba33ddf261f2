package smdr

import "bytes"

// MaxLine bounds a line, in bytes. What is longer is a fault.
const MaxLine = 64 << 10

// The characters that end lines, beside CR and LF.
const (
	charSTX = 0x02
	charETX = 0x03
	charFF  = 0x0c
)

// line is one line of a stream without what ended it.
type line struct {
	text    []byte // Valid until the next line.
	number  int64  // From 1.
	offset  int64  // Of its first byte in the stream.
	damaged bool   // It has control characters that no system sends: noise of a serial line.
	long    bool   // It was longer than MaxLine; text is its beginning.
	partial bool   // The stream ended within it.
}

// splitter cuts a stream into lines however its pieces come. Lines end with LF, CR or both, form feeds are passed over,
// and in a framed stream STX and ETX stand around records.
type splitter struct {
	framed bool
	carry  []byte // The beginning of a line whose end has not come.
	start  int64  // Offset of its first byte.
	offset int64  // Of the next byte.
	number int64  // Of lines that ended.
	cr     bool   // The last byte was CR: an LF that follows belongs to it.
	long   bool
}

// write calls take for every line that ends in p.
func (s *splitter) write(p []byte, take func(*line) error) error {
	for len(p) > 0 {
		if s.cr && p[0] == '\n' {
			s.cr = false
			s.skip(1)
			p = p[1:]
			continue
		}
		s.cr = false
		n := s.find(p)
		if n < 0 {
			s.keep(p)
			return nil
		}
		var l line
		if len(s.carry) > 0 || s.long {
			s.keep(p[:n])
			l = line{text: s.carry, offset: s.start, long: s.long}
		} else {
			l = line{text: p[:n], offset: s.offset, long: n > MaxLine}
			s.offset += int64(n)
		}
		end := p[n]
		p = p[n+1:]
		s.cr = end == '\r'
		if err := s.end(&l, end, take); err != nil {
			return err
		}
	}
	return nil
}

// end hands over a line and forgets it.
func (s *splitter) end(l *line, by byte, take func(*line) error) error {
	l.number = s.number + 1
	if by != charSTX {
		s.number++
	}
	s.offset++
	if by != charSTX || len(l.text) > 0 {
		clean(l, s.framed)
		if err := take(l); err != nil {
			return err
		}
	}
	s.carry, s.long = s.carry[:0], false
	s.start = s.offset
	return nil
}

// skip passes over a byte that belongs to no line.
func (s *splitter) skip(n int64) {
	s.offset += n
	s.start = s.offset
}

// keep remembers the beginning of a line.
func (s *splitter) keep(p []byte) {
	if len(s.carry) == 0 && !s.long {
		s.start = s.offset
	}
	s.offset += int64(len(p))
	if room := MaxLine - len(s.carry); len(p) > room {
		s.long = true
		p = p[:room]
	}
	s.carry = append(s.carry, p...)
}

// find returns where the first line of p ends; -1: not in p.
func (s *splitter) find(p []byte) int {
	n := bytes.IndexByte(p, '\n')
	within := p
	if n >= 0 {
		within = p[:n]
	}
	if i := bytes.IndexByte(within, '\r'); i >= 0 {
		n, within = i, within[:i]
	}
	if !s.framed {
		return n
	}
	for _, c := range []byte{charSTX, charETX} {
		if i := bytes.IndexByte(within, c); i >= 0 {
			n, within = i, within[:i]
		}
	}
	return n
}

// rest hands over what came after the last line end.
func (s *splitter) rest(take func(*line) error) error {
	if len(s.carry) == 0 {
		return nil
	}
	l := line{text: s.carry, number: s.number + 1, offset: s.start, long: s.long, partial: true}
	clean(&l, s.framed)
	s.number++
	s.carry, s.long = nil, false
	return take(&l)
}

// clean takes out the fillings that systems send between characters (NUL and DEL; form feeds at page ends), and tells noise.
func clean(l *line, framed bool) {
	if l.long {
		l.text = l.text[:min(len(l.text), MaxLine)]
	}
	if !hasControl(l.text) {
		return
	}
	out := make([]byte, 0, len(l.text))
	for _, c := range l.text {
		switch {
		case c == 0 || c == 0x7f || c == charFF || c == 0x0b || (framed && (c == charSTX || c == charETX)):
		case c < 0x20 && c != '\t':
			l.damaged = true
			out = append(out, c)
		default:
			out = append(out, c)
		}
	}
	l.text = out
}

func hasControl(p []byte) bool {
	for _, c := range p {
		if c < 0x20 && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}
