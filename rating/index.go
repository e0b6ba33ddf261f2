package rating

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// ErrIndex is returned, wrapped, for keys that no index can be built on.
var ErrIndex = errors.New("prefix index")

// maxBucketBits bounds the first level to five digits, 4 MB.
const maxBucketBits = 20

// PrefixIndex finds the longest of many prefixes that a number begins with. The prefixes are e164 keys in one sorted array;
// each knows the position of the longest other prefix that it begins with itself, and a first level of buckets over the
// leading bits cuts the search to a few neighbours. It takes 12 bytes a prefix and 2 to 4 for the buckets.
// It is immutable and safe for concurrent use.
type PrefixIndex struct {
	keys    []uint64
	parents []int32
	buckets []uint32 // Position of the first key at or after the bucket's start; one more at the end.
	shift   uint
}

// NewPrefixIndex builds an index over keys of e164.Prefix.Key, which must be sorted, without repetition. It keeps the slice.
func NewPrefixIndex(keys []uint64) (*PrefixIndex, error) {
	if len(keys) > math.MaxInt32 {
		return nil, fmt.Errorf("%w: %d prefixes are too many", ErrIndex, len(keys))
	}
	for i := 1; i < len(keys); i++ {
		if keys[i-1] >= keys[i] {
			return nil, fmt.Errorf("%w: keys must rise; position %d does not", ErrIndex, i)
		}
	}
	x := &PrefixIndex{keys: keys, parents: make([]int32, len(keys))}
	x.link()
	x.fillBuckets()
	return x, nil
}

// link sets the parents with a stack of the prefixes that are still open in the sorted order.
func (x *PrefixIndex) link() {
	var open []int32
	for i, key := range x.keys {
		for len(open) > 0 && !begins(key, x.keys[open[len(open)-1]]) {
			open = open[:len(open)-1]
		}
		x.parents[i] = -1
		if len(open) > 0 {
			x.parents[i] = open[len(open)-1]
		}
		open = append(open, int32(i))
	}
}

func (x *PrefixIndex) fillBuckets() {
	width := min(maxBucketBits, max(4, bits.Len(uint(len(x.keys)))-1))
	x.shift = uint(64 - width)
	x.buckets = make([]uint32, 1<<width+1)
	next := 0
	for b := range x.buckets[:1<<width] {
		for next < len(x.keys) && x.keys[next]>>x.shift < uint64(b) {
			next++
		}
		x.buckets[b] = uint32(next)
	}
	x.buckets[1<<width] = uint32(len(x.keys)) //nolint:gosec // NewPrefixIndex bounds the length
}

// Find returns the position of the longest prefix with which the number of the key begins, or -1.
func (x *PrefixIndex) Find(number uint64) int {
	b := number >> x.shift
	low, high := x.buckets[b], x.buckets[b+1]
	for low < high {
		mid := (low + high) >> 1
		if x.keys[mid] <= number {
			low = mid + 1
		} else {
			high = mid
		}
	}
	// The longest prefix is the key before the number, or one that this key begins with.
	i := int32(low) - 1 //nolint:gosec // NewPrefixIndex bounds the length
	for i >= 0 && !begins(number, x.keys[i]) {
		i = x.parents[i]
	}
	return int(i)
}

// Parent returns the position of the longest other prefix with which the prefix at i begins, or -1.
func (x *PrefixIndex) Parent(i int) int { return int(x.parents[i]) }

// Key returns the prefix at i as its e164 key.
func (x *PrefixIndex) Key(i int) uint64 { return x.keys[i] }

// Len returns the number of prefixes.
func (x *PrefixIndex) Len() int { return len(x.keys) }

// Position returns the position of exactly this prefix.
func (x *PrefixIndex) Position(key uint64) (int, bool) { return slices.BinarySearch(x.keys, key) }

// Bytes returns the memory that the index takes.
func (x *PrefixIndex) Bytes() int { return 8*len(x.keys) + 4*len(x.parents) + 4*len(x.buckets) }

// begins reports whether a number or prefix begins with a prefix, both as keys. A digit is four bits that are never all
// zero, so the zero bits at the end of a prefix, in fours, are the places that it says nothing about.
func begins(key, prefix uint64) bool {
	unused := uint(bits.TrailingZeros64(prefix)) &^ 3
	return (key^prefix)>>unused == 0
}

// KeyDigits returns the number of digits of a key.
func KeyDigits(key uint64) int { return 16 - bits.TrailingZeros64(key)/4 }
