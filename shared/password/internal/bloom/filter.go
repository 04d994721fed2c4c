// Package bloom is a set of words that is sure about what it does not hold, and
// nearly sure about what it does.
package bloom

import (
	"crypto/sha256"
	"encoding/binary"
)

// probes is the best number for BitsPerWord: their product with the natural
// logarithm of 2.
const (
	BitsPerWord = 20
	probes      = 14
)

// Filter is the set as its bits. An empty one holds nothing.
type Filter []byte

// New returns an empty filter with room for so many words.
func New(words int) Filter { return make(Filter, (words*BitsPerWord+7)/8) }

// Add puts a word in.
func (f Filter) Add(word string) {
	f.visit(word, func(octet int, bit byte) bool { f[octet] |= bit; return true })
}

// Has reports whether a word was put in; it says so of a few others, too.
func (f Filter) Has(word string) bool {
	return len(f) > 0 && f.visit(word, func(octet int, bit byte) bool { return f[octet]&bit != 0 })
}

// visit calls fn with the word's places until it returns false.
func (f Filter) visit(word string, fn func(octet int, bit byte) bool) bool {
	sum := sha256.Sum256([]byte(word))
	at, step := binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])|1
	for range probes {
		place := at % uint64(len(f)*8)
		if !fn(int(place/8), 1<<(place%8)) {
			return false
		}
		at += step
	}
	return true
}
