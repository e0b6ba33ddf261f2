package guard

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"sync"
	"time"
)

// nonceLife is how long a nonce may be used.
const nonceLife = 5 * time.Minute

// nonceMax bounds the nonces whose counts are kept in one half of the table: those of 3,300 calls a second.
const nonceMax = 1_000_000

// NonceState is what is known of a nonce that comes back.
type NonceState uint8

// The states.
const (
	NonceFresh    NonceState = iota + 1
	NonceStale               // Ours, but too old, or given to another address: the phone is asked again, without its owner's help.
	NonceForged              // Not ours, or of another life of the process.
	NonceReplayed            // Its count was used before.
)

// Nonces mints nonces that carry their own time and signature, and counts how often each was used (RFC 7616,
// section 3.3). A nonce is good for the address that it was given to: neither may somebody else's answer be used (the relay of a
// challenge), nor can wrong answers be sent in the name of one who never asked. A count is kept for one to two lives of a nonce, in two
// tables that take turns. They know a nonce by its random part and hold no pointers: a call leaves 17 bytes for five to ten minutes.
// It is safe for concurrent use.
type Nonces struct {
	key [32]byte

	mu       sync.Mutex
	turned   time.Time
	now, old map[uint64]uint32
}

// NewNonces makes a key of its own.
func NewNonces() (*Nonces, error) {
	n := &Nonces{now: make(map[uint64]uint32), old: make(map[uint64]uint32)}
	if _, err := rand.Read(n.key[:]); err != nil {
		return nil, fmt.Errorf("make the key of the nonces: %w", err)
	}
	return n, nil
}

const (
	nonceTime   = 8
	nonceRandom = 16
	nonceBytes  = 40
)

// Mint makes a nonce for an address.
func (n *Nonces) Mint(source netip.Addr, at time.Time) string {
	var b [nonceBytes]byte
	binary.BigEndian.PutUint64(b[:nonceTime], uint64(at.UnixMilli()))
	_, _ = rand.Read(b[nonceTime:nonceRandom]) // Never fails (crypto/rand).
	mac := n.sign(b[:nonceRandom], source)
	copy(b[nonceRandom:], mac[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// sign makes two signatures: one that says that we made it, and one that says for whom.
func (n *Nonces) sign(b []byte, source netip.Addr) [24]byte {
	var out [24]byte
	ours := hmac.New(sha256.New, n.key[:])
	ours.Write(b)
	copy(out[:16], ours.Sum(nil))
	theirs := hmac.New(sha256.New, n.key[:])
	addr := source.Unmap().As16()
	theirs.Write(addr[:])
	theirs.Write(b)
	copy(out[16:], theirs.Sum(nil))
	return out
}

// Use checks a nonce that an address sends, and notes that count was used with it.
func (n *Nonces) Use(nonce string, count int, source netip.Addr, at time.Time) NonceState {
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) != nonceBytes {
		return NonceForged
	}
	want := n.sign(b[:nonceRandom], source)
	if subtle.ConstantTimeCompare(want[:16], b[nonceRandom:nonceRandom+16]) != 1 {
		return NonceForged
	}
	minted := time.UnixMilli(int64(binary.BigEndian.Uint64(b[:nonceTime]))) //nolint:gosec // We signed it.
	if at.Sub(minted) > nonceLife || subtle.ConstantTimeCompare(want[16:], b[nonceRandom+16:]) != 1 {
		return NonceStale
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if at.Sub(n.turned) > nonceLife || len(n.now) >= nonceMax {
		n.old, n.now, n.turned = n.now, make(map[uint64]uint32), at
	}
	id := binary.BigEndian.Uint64(b[nonceTime:nonceRandom])
	if count <= int(max(n.now[id], n.old[id])) || count > math.MaxUint32 {
		return NonceReplayed
	}
	n.now[id] = uint32(count) //nolint:gosec // Within its range by now.
	return NonceFresh
}
