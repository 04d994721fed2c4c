package password

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/coditect/platform/shared/password/internal/bloom"
)

//go:embed breached.bin
var breachedFile []byte

var breached = bloom.Filter(breachedFile)

// Breached reports whether a password is one of those that are tried first, with
// a few digits or signs behind it or without. The rest of the package says how
// often it is wrong.
func Breached(password string) bool {
	word := folded(password)
	return breached.Has(word) || breached.Has(withoutTail(word))
}

// What people add to a word that was refused.
const (
	maxTail = 4
	minStem = 4
)

func withoutTail(word string) string {
	stem := word
	for range maxTail {
		last, size := utf8.DecodeLastRuneInString(stem)
		if size == 0 || unicode.IsLetter(last) {
			break
		}
		stem = stem[:len(stem)-size]
	}
	if len(stem) < minStem || strings.TrimFunc(stem, func(c rune) bool { return !unicode.IsLetter(c) }) == "" {
		return word
	}
	return stem
}
