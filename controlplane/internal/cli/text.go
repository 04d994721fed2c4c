package cli

import (
	"strings"
	"unicode"
)

// oneLine makes text that others wrote safe for a terminal: control characters
// could move the cursor, recolor the screen or fake further lines.
func oneLine(s string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029':
			return '?'
		}
		return r
	}, s)
	return strings.TrimSpace(clean)
}

// orDash shows that there is no value.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// deref returns what an optional field holds, or the zero value.
func deref[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}

// optional is for fields that are left out when empty.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// plural counts things: "1 tenant", "2 tenants".
func plural(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return thousands(n) + " " + thing + "s"
}

// thousands writes 1234567 as 1,234,567. n is not negative.
func thousands(n int64) string {
	digits := []byte{}
	for at := 0; n > 0 || at == 0; at++ {
		if at > 0 && at%3 == 0 {
			digits = append(digits, ',')
		}
		digits = append(digits, byte('0'+n%10))
		n /= 10
	}
	for i, j := 0, len(digits)-1; i < j; i, j = i+1, j-1 {
		digits[i], digits[j] = digits[j], digits[i]
	}
	return string(digits)
}
