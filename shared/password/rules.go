package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/coditect/platform/shared/fault"
)

// Bounds of a password.
const (
	MinCharacters = 8
	MaxBytes      = 1024
)

// Check says what stands against choosing a password: a fault (invalid) whose
// violation, at /password, may be shown. Personal are words that the person is
// known by: name, e-mail address, organization.
func Check(password string, personal ...string) error {
	word := folded(password)
	switch {
	case !utf8.ValidString(password):
		return refuse("use text")
	case utf8.RuneCountInString(norm.NFKC.String(password)) < MinCharacters:
		return refuse("use at least 8 characters")
	case len(password) > MaxBytes:
		return refuse("use at most 1024 bytes")
	case Breached(password):
		return refuse("is one of the passwords that are tried first; choose another")
	case sameCharacter(word):
		return refuse("is one character again and again; choose another")
	case isPersonal(word, personal):
		return refuse("is your name or address with little besides; choose another")
	}
	return nil
}

func refuse(why string) error {
	return fault.New(fault.Invalid, "the password cannot be used").At("/password", "%s", why)
}

func folded(text string) string { return strings.ToLower(norm.NFKC.String(text)) }

func sameCharacter(word string) bool {
	first, _ := utf8.DecodeRuneInString(word)
	return strings.TrimLeft(word, string(first)) == ""
}

// ownCharacters is how many characters a password needs besides personal words.
const ownCharacters = 4

// isPersonal reports whether little is left of a word once the names in it are
// taken away.
func isPersonal(word string, personal []string) bool {
	left := word
	for _, text := range personal {
		for _, name := range strings.FieldsFunc(folded(text), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
			if utf8.RuneCountInString(name) >= ownCharacters {
				left = strings.ReplaceAll(left, name, "")
			}
		}
	}
	return left != word && utf8.RuneCountInString(left) < ownCharacters
}
