package sipproxy

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"math"
	"sync"
	"time"
)

// nonceLife is how long a nonce may be used.
const nonceLife = 5 * time.Minute

// nonceMax bounds the nonces whose counts are kept in one half of the table: those of 3,300 calls a second.
const nonceMax = 1_000_000

type nonceState uint8

const (
	nonceFresh    nonceState = iota + 1
	nonceStale               // Ours, but too old.
	nonceForged              // Not ours, or of another life of the process.
	nonceReplayed            // Its count was used before.
)

// nonces mints nonces that carry their own time and signature, and counts how often each was used (RFC 7616,
// section 3.3). A count is kept for one to two lives of a nonce, in two tables that take turns. They know a nonce by its random
// part and hold no pointers: a call leaves 17 bytes for five to ten minutes.
type nonces struct {
	key [32]byte

	mu       sync.Mutex
	turned   time.Time
	now, old map[uint64]uint32
}

func newNonces() (*nonces, error) {
	n := &nonces{now: make(map[uint64]uint32), old: make(map[uint64]uint32)}
	if _, err := rand.Read(n.key[:]); err != nil {
		return nil, err
	}
	return n, nil
}

func (n *nonces) mint(at time.Time) string {
	var b [40]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli()))
	_, _ = rand.Read(b[8:16]) // Never fails (crypto/rand).
	copy(b[16:], n.sign(b[:16]))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (n *nonces) sign(b []byte) []byte {
	mac := hmac.New(sha256.New, n.key[:])
	mac.Write(b)
	return mac.Sum(nil)[:24]
}

// use checks a nonce and notes that count was used with it.
func (n *nonces) use(nonce string, count int, at time.Time) nonceState {
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) != 40 || subtle.ConstantTimeCompare(n.sign(b[:16]), b[16:]) != 1 {
		return nonceForged
	}
	minted := time.UnixMilli(int64(binary.BigEndian.Uint64(b[:8]))) //nolint:gosec // We signed it.
	if at.Sub(minted) > nonceLife {
		return nonceStale
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if at.Sub(n.turned) > nonceLife || len(n.now) >= nonceMax {
		n.old, n.now, n.turned = n.now, make(map[uint64]uint32), at
	}
	id := binary.BigEndian.Uint64(b[8:16])
	if count <= int(max(n.now[id], n.old[id])) || count > math.MaxUint32 {
		return nonceReplayed
	}
	n.now[id] = uint32(count) //nolint:gosec // Within its range by now.
	return nonceFresh
}
