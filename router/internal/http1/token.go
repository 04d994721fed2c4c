package http1

// Classes of octets (RFC 9110 §5.6.2, §5.5).
const (
	isToken  = 1 << iota // of a method or field name
	isValue              // of a field value: visible, obs-text, space and tab
	isTarget             // of a request target: visible ASCII, no fragment
)

var classes = func() (t [256]byte) {
	for c := range 256 {
		switch {
		case c == '\t' || c == ' ' || c >= 0x80:
			t[c] |= isValue
		case c > ' ' && c < 0x7f:
			t[c] |= isValue | isTarget
		}
	}
	t['#'] &^= isTarget
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		t[c] |= isToken
	}
	return t
}()

// all reports whether every octet of b is of the class.
func all(b []byte, class byte) bool {
	for _, c := range b {
		if classes[c]&class == 0 {
			return false
		}
	}
	return true
}

// IsToken reports whether b is a token (RFC 9110 §5.6.2).
func IsToken(b []byte) bool { return len(b) > 0 && all(b, isToken) }

// IsFieldValue reports whether b may stand as a field's value.
func IsFieldValue(b []byte) bool { return all(b, isValue) }

// trim removes optional white space (RFC 9110 §5.6.3) at both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// equalFold compares ASCII without case; want is lower-case.
func equalFold(b []byte, want string) bool {
	if len(b) != len(want) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != want[i] {
			return false
		}
	}
	return true
}

// EqualFold compares an ASCII name without case; want must be lower-case.
func EqualFold(b []byte, want string) bool { return equalFold(b, want) }

// HasListItem reports whether a comma-separated list (RFC 9110 §5.6.1) has the
// item, which must be lower-case.
func HasListItem(list []byte, item string) bool {
	for len(list) > 0 {
		var next []byte
		next, list = cutComma(list)
		if equalFold(next, item) {
			return true
		}
	}
	return false
}

// ListItems calls fn for each non-empty item of a comma-separated list.
func ListItems(list []byte, fn func(item []byte)) {
	for len(list) > 0 {
		var next []byte
		if next, list = cutComma(list); len(next) > 0 {
			fn(next)
		}
	}
}

func cutComma(list []byte) (item, rest []byte) {
	for i, c := range list {
		if c == ',' {
			return trim(list[:i]), list[i+1:]
		}
	}
	return trim(list), nil
}
