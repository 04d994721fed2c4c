package directory

import (
	"net/netip"
	"strconv"
	"strings"
)

// canonicalOrigin reports whether s is an origin as a browser writes it into
// the Origin header (RFC 6454 §6.2): routers compare bytes.
func canonicalOrigin(s string) bool {
	scheme, authority, ok := strings.Cut(s, "://")
	host, port, defaultPort := authority, "", "443"
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		host, port = authority[:i], authority[i+1:]
		if !canonicalPort(port) {
			return false
		}
	}
	switch {
	case !ok || scheme != "https" && scheme != "http":
		return false
	case scheme == "http":
		defaultPort = "80"
		if !isLocalhost(host) {
			return false
		}
	}
	return port != defaultPort && canonicalHost(host)
}

func canonicalPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == port
}

func isLocalhost(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "[::1]"
}

func canonicalHost(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return err == nil && addr.Is6() && !addr.Is4In6() && addr.Zone() == "" && "["+addr.String()+"]" == host
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Is4() && addr.String() == host
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if !validLabel(label) {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(host) <= 253 && (last[0] < '0' || last[0] > '9') // else browsers take it for an IPv4 address
}

func validLabel(label string) bool {
	for i := 0; i < len(label); i++ {
		if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return label != "" && len(label) <= 63 && label[0] != '-' && label[len(label)-1] != '-'
}
