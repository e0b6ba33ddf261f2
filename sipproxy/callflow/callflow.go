package callflow

import (
	"hash/maphash"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// chunkSize is how much is forgotten at a time.
const chunkSize = 1 << 20

// Message is one message as it was on the wire.
type Message struct {
	At        time.Time // UTC.
	Sent      bool      // By us; else received.
	Transport string
	Remote    netip.AddrPort
	CallID    string // Of SIP.
	Text      string
}

// Log remembers messages. Make it with New; it is safe for concurrent use. A nil Log remembers nothing.
type Log struct {
	limit int
	seed  maphash.Seed

	mu     sync.Mutex
	chunks []*chunk // The oldest first.
	size   int
}

// chunk holds messages back to back. It has no pointers but its two slices, so that the garbage collector passes it by.
type chunk struct {
	data    []byte
	entries []entry
}

// entry is one message, or a link from a call to one of its dialogs.
type entry struct {
	at        int64 // Unix microseconds.
	key       uint64
	addr      [16]byte
	port      uint16
	transport uint8
	kind      kind
	from, id  uint32 // Where it begins, and how much of it is the Call-ID.
	till      uint32
}

type kind uint8

const (
	received kind = iota
	sent
	link
)

// New returns a log that remembers about that many bytes of messages; nil for less than two chunks of a mebibyte.
func New(bytes int) *Log {
	if bytes < 2*chunkSize {
		return nil
	}
	return &Log{limit: bytes, seed: maphash.MakeSeed()}
}

// Add remembers a message; its bytes are copied.
func (l *Log) Add(at time.Time, isSent bool, transport string, remote netip.AddrPort, callID string, data []byte) {
	if l == nil {
		return
	}
	e := entry{at: at.UnixMicro(), addr: remote.Addr().As16(), port: remote.Port(), transport: transportNumber(transport)}
	if isSent {
		e.kind = sent
	}
	l.append(e, callID, callID, data)
}

// Link tells that a dialog belongs to a call.
func (l *Log) Link(at time.Time, call, callID string) {
	if l == nil {
		return
	}
	l.append(entry{at: at.UnixMicro(), kind: link}, call, callID, nil)
}

func (l *Log) append(e entry, key, callID string, data []byte) {
	e.key = maphash.String(l.seed, key)
	need := len(callID) + len(data)
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.room(need)
	e.from, e.id, e.till = uint32(len(c.data)), uint32(len(callID)), uint32(len(c.data)+need) //nolint:gosec // Within a chunk.
	c.data = append(append(c.data, callID...), data...)
	c.entries = append(c.entries, e)
}

// room returns a chunk with room for that many bytes, and forgets the oldest when there are too many.
func (l *Log) room(need int) *chunk {
	if n := len(l.chunks); n > 0 {
		if c := l.chunks[n-1]; len(c.data)+need <= cap(c.data) {
			return c
		}
	}
	c := l.oldest(max(chunkSize, need))
	if c == nil {
		c = &chunk{data: make([]byte, 0, max(chunkSize, need))}
	}
	l.chunks = append(l.chunks, c)
	l.size += cap(c.data)
	return c
}

// oldest forgets the oldest chunks until there is room for one of that many bytes, and returns the last of them if it is as large.
func (l *Log) oldest(need int) *chunk {
	var c *chunk
	for len(l.chunks) > 1 && l.size+need > l.limit {
		c = l.chunks[0]
		l.size -= cap(c.data)
		l.chunks[0] = nil
		l.chunks = l.chunks[1:]
	}
	if c == nil || cap(c.data) != need {
		return nil
	}
	c.data, c.entries = c.data[:0], c.entries[:0]
	return c
}

// Call returns the messages of a call in their order; nothing if it is not remembered any more.
func (l *Log) Call(call string) []Message {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	dialogs := make(map[string]bool)
	l.each(maphash.String(l.seed, call), func(c *chunk, e *entry) {
		if e.kind == link {
			dialogs[string(c.data[e.from:e.from+e.id])] = true
		}
	})
	var out []Message
	for callID := range dialogs {
		l.each(maphash.String(l.seed, callID), func(c *chunk, e *entry) {
			if e.kind != link && string(c.data[e.from:e.from+e.id]) == callID {
				out = append(out, e.message(c, callID))
			}
		})
	}
	slices.SortStableFunc(out, func(a, b Message) int { return a.At.Compare(b.At) })
	return out
}

func (l *Log) each(key uint64, do func(c *chunk, e *entry)) {
	for _, c := range l.chunks {
		for i := range c.entries {
			if e := &c.entries[i]; e.key == key {
				do(c, e)
			}
		}
	}
}

func (e *entry) message(c *chunk, callID string) Message {
	return Message{
		At: time.UnixMicro(e.at).UTC(), Sent: e.kind == sent, Transport: transportName(e.transport),
		Remote: netip.AddrPortFrom(netip.AddrFrom16(e.addr).Unmap(), e.port), CallID: callID,
		Text: string(c.data[e.from+e.id : e.till]),
	}
}

// transports are the names that are remembered as numbers.
func transports() [5]string { return [5]string{"UDP", "TCP", "TLS", "WS", "WSS"} }

func transportNumber(name string) uint8 {
	for i, t := range transports() {
		if t == name {
			return uint8(i)
		}
	}
	return 255
}

func transportName(n uint8) string {
	if all := transports(); int(n) < len(all) {
		return all[n]
	}
	return "?"
}
