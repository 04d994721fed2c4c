package resolve

// MaxHost is the longest host name (RFC 1035 §2.3.4) in octets.
const MaxHost = 253

// canonicalHost cuts the port and one trailing dot off a Host header's value
// and folds it to lower case. It refuses IP literals in brackets, empty labels
// and every character that no host name has; punycode stays as it is, since
// that is how domains are stored.
func canonicalHost(host string, scratch *[MaxHost]byte) (string, bool) {
	name, ok := cutPort(host)
	if !ok {
		return "", false
	}
	if len(name) > 0 && name[len(name)-1] == '.' {
		name = name[:len(name)-1]
	}
	if len(name) == 0 || len(name) > MaxHost {
		return "", false
	}
	folded, label := false, 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case 'A' <= c && c <= 'Z':
			folded = true
		case c == '-':
			if label == 0 || i == len(name)-1 || name[i+1] == '.' {
				return "", false
			}
		case c == '.':
			if label == 0 {
				return "", false
			}
			label = -1
		default:
			return "", false
		}
		if label++; label > 63 {
			return "", false
		}
	}
	if !folded {
		return name, true
	}
	return fold(name, scratch), true
}

// cutPort splits at the one colon that a host name may be followed by.
func cutPort(host string) (string, bool) {
	for i := 0; i < len(host); i++ {
		if host[i] != ':' {
			continue
		}
		port := host[i+1:]
		if len(port) > 5 {
			return "", false
		}
		for j := 0; j < len(port); j++ {
			if port[j] < '0' || port[j] > '9' {
				return "", false
			}
		}
		return host[:i], true
	}
	return host, true
}

func fold(name string, scratch *[MaxHost]byte) string {
	n := copy(scratch[:], name)
	for i, c := range scratch[:n] {
		if 'A' <= c && c <= 'Z' {
			scratch[i] = c + 'a' - 'A'
		}
	}
	return string(scratch[:n])
}
