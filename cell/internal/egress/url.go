package egress

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// maxURL bounds a URL, in bytes.
const maxURL = 2048

// refusal says in public words why something is not connected to.
type refusal string

// Error implements error.
func (r refusal) Error() string { return string(r) }

// CheckURL returns the URL in the form that is requested. Its error tells the
// tenant what is wrong. That it passes does not mean that its address will.
func (g *Guard) CheckURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case len(text) > maxURL:
		return nil, refusal("use at most 2048 characters")
	case err != nil || u.Opaque != "" || strings.ContainsFunc(text, unprintable) || strings.Contains(text, `\`):
		return nil, refusal("use a URL such as https://example.com/hook")
	case u.Scheme != "https" && (u.Scheme != "http" || !g.opts.HTTP):
		return nil, refusal("use https")
	case u.User != nil:
		return nil, refusal("use a URL without user name and password")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return nil, refusal("use a URL without a fragment")
	}
	host, err := g.checkHost(u.Hostname())
	if err != nil {
		return nil, err
	}
	port, err := g.checkPort(u.Scheme, u.Port(), strings.HasSuffix(u.Host, ":"))
	if err != nil {
		return nil, err
	}
	u.Host = host + port
	return u, nil
}

func unprintable(c rune) bool { return c <= ' ' || c == 0x7f }

// hostNames maps what people write to what DNS knows (UTS 46), as browsers do.
var hostNames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// checkHost returns the host as it stands in a URL.
func (g *Guard) checkHost(host string) (string, error) {
	if strings.Contains(host, ":") || strings.Contains(host, "%") {
		a, err := netip.ParseAddr(host)
		if err != nil || !g.open(a) {
			return "", errNotPublic
		}
		return "[" + a.String() + "]", nil
	}
	name, err := hostNames.ToASCII(strings.TrimSuffix(host, "."))
	if err != nil || name == "" {
		return "", refusal("use a URL with a valid host name")
	}
	name = strings.ToLower(name)
	if endsInNumber(name) {
		// Not a name. What some resolvers would make of "0x7f.1" is nobody's business.
		a, err := netip.ParseAddr(name)
		if err != nil || !g.open(a) {
			return "", errNotPublic
		}
		return name, nil
	}
	if special(name) {
		return "", errNotPublic
	}
	return name, nil
}

const errNotPublic = refusal("use a host on the public internet")

// endsInNumber reports whether a host is an IPv4 address in some spelling
// rather than a name: no top-level domain is a number.
func endsInNumber(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if digits, hex := strings.CutPrefix(last, "0x"); hex {
		_, err := strconv.ParseUint("0"+digits, 16, 64)
		return err == nil || digits == ""
	}
	return last == "" || strings.Trim(last, "0123456789") == ""
}

// special are names that no public DNS knows (RFC 6761 and its like).
func special(name string) bool {
	labels := strings.Split(name, ".")
	top := labels[len(labels)-1]
	return len(labels) < 2 || slices.Contains([]string{"localhost", "local", "internal", "localdomain", "lan", "intranet", "corp", "home", "invalid", "onion", "arpa"}, top)
}

// The ports on which webhooks are served.
var (
	portsHTTPS = []string{"", "443", "8443"}
	portsHTTP  = []string{"", "80", "8080"}
)

// checkPort returns ":port", or "" for the scheme's own.
func (g *Guard) checkPort(scheme, port string, emptyPort bool) (string, error) {
	allowed := portsHTTPS
	if scheme == "http" {
		allowed = portsHTTP
	}
	n, err := strconv.ParseUint(port, 10, 16)
	anyPort := len(g.opts.Allow) > 0 && err == nil && n > 0
	if emptyPort || !slices.Contains(allowed, port) && !anyPort {
		return "", refusal("use one of the ports 443 and 8443")
	}
	if port == "" {
		return "", nil
	}
	return ":" + port, nil
}
