package tenancy

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Domain is a custom domain in its ASCII (punycode) lower-case form without a
// trailing dot. Parsed by [ParseDomain].
type Domain string

// ErrInvalidDomain is wrapped by every error of [ParseDomain].
var ErrInvalidDomain = errors.New("invalid domain")

// ParseDomain accepts a registrable host name in any case, in Unicode or
// punycode, with or without the trailing dot, and returns its one canonical
// form (IDNA 2008 lookup profile, RFC 5891). IP addresses, single labels and
// special-use names (RFC 6761) are refused: no one can prove to own them.
func ParseDomain(s string) (Domain, error) {
	if len(s) > 512 || !utf8.ValidString(s) {
		return "", fmt.Errorf("%w: too long, or not UTF-8", ErrInvalidDomain)
	}
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(s, "."))
	if err != nil {
		return "", fmt.Errorf("%w: not a host name", ErrInvalidDomain)
	}
	ascii = strings.ToLower(ascii)
	// What the profile writes it must also read: not so for labels of which no
	// valid Unicode form exists.
	if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii {
		return "", fmt.Errorf("%w: not a host name", ErrInvalidDomain)
	}
	if len(ascii) == 0 || len(ascii) > 253 {
		return "", fmt.Errorf("%w: use 1 to 253 characters", ErrInvalidDomain)
	}
	if _, err := netip.ParseAddr(ascii); err == nil {
		return "", fmt.Errorf("%w: an IP address is not a domain", ErrInvalidDomain)
	}
	labels := strings.Split(ascii, ".")
	if len(labels) < 2 {
		return "", fmt.Errorf("%w: use a full domain such as app.example.org", ErrInvalidDomain)
	}
	for _, label := range labels {
		if !validLabel(label) {
			return "", fmt.Errorf("%w: not a host name", ErrInvalidDomain)
		}
	}
	last := labels[len(labels)-1]
	if _, special := specialUse[last]; special || last[0] >= '0' && last[0] <= '9' {
		return "", fmt.Errorf("%w: .%s cannot be owned", ErrInvalidDomain, last)
	}
	return Domain(ascii), nil
}

func validLabel(label string) bool {
	if len(label) == 0 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := 0; i < len(label); i++ {
		c := label[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

var specialUse = set("localhost", "local", "internal", "invalid", "test", "onion", "arpa", "alt", "localdomain")
