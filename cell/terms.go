package cell

import (
	"slices"
	"strings"
	"unicode"
)

// Bounds of search.
const (
	MaxTerms      = 200 // of one text; what comes later is not found
	maxTermRunes  = 40
	MaxQueryTerms = 8
)

// QueryTerms returns the words that a search is for.
func QueryTerms(query string) []string {
	terms := Terms(query)
	return terms[:min(len(terms), MaxQueryTerms)]
}

// Terms returns the words of a text by which it is found: in lower case, sorted,
// each once.
func Terms(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
	words = words[:min(len(words), MaxTerms)]
	for i, word := range words {
		if runes := []rune(word); len(runes) > maxTermRunes {
			words[i] = string(runes[:maxTermRunes])
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}
