package resolve

import "unsafe"

// MaxHost is the longest host name in octets (RFC 1035 §2.3.4).
const MaxHost = 253

// canonicalHost returns the host name of a Host header in its one spelling:
// lower case, no port, no trailing dot. Address literals, empty labels and
// anything that is not ASCII letters, digits and hyphens are refused: an
// internationalised name arrives as A-labels (RFC 5890) or not at all. The
// result is a view of host or of scratch.
func canonicalHost(host string, scratch *[MaxHost]byte) (name string, ok bool) {
	if host, ok = withoutPort(host); !ok {
		return "", false
	}
	if n := len(host); n > 0 && host[n-1] == '.' {
		host = host[:n-1]
	}
	folded, ok := checkLabels(host)
	if !ok {
		return "", false
	}
	if last := lastLabel(host); last[0] >= '0' && last[0] <= '9' {
		return "", false // an IPv4 address
	}
	if !folded {
		return host, true
	}
	for i := range len(host) {
		c := host[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		scratch[i] = c
	}
	return unsafe.String(&scratch[0], len(host)), true //nolint:gosec // G103: a view, for as long as the request
}

// checkLabels reports whether host is made of LDH labels (RFC 5890 §2.3.1), and
// whether any letter needs folding.
func checkLabels(host string) (upper, ok bool) {
	if len(host) == 0 || len(host) > MaxHost {
		return false, false
	}
	label := 0 // length of the current label so far
	for i := range len(host) {
		switch c := host[i]; {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' && label > 0:
			label++
		case 'A' <= c && c <= 'Z':
			upper = true
			label++
		case c == '.' && label > 0 && host[i-1] != '-':
			label = 0
		default:
			return false, false
		}
		if label > 63 {
			return false, false
		}
	}
	return upper, label > 0 && host[len(host)-1] != '-'
}

func lastLabel(host string) string {
	for i := len(host) - 1; i >= 0; i-- {
		if host[i] == '.' {
			return host[i+1:]
		}
	}
	return host
}

// withoutPort strips ":port" and reports whether what stood there was a port.
// The "[" of an IPv6 literal is left for the alphabet to refuse.
func withoutPort(host string) (string, bool) {
	for i := range len(host) {
		if host[i] == ':' {
			return host[:i], validPort(host[i+1:])
		}
	}
	return host, true
}

func validPort(port string) bool {
	number := 0
	for i := range len(port) {
		if port[i] < '0' || port[i] > '9' {
			return false
		}
		number = number*10 + int(port[i]-'0')
	}
	return len(port) > 0 && len(port) <= 5 && number > 0 && number <= 65535
}
