package listen

import (
	"bytes"
	"net/netip"
	"unsafe"
)

// ClientIP finds the client behind proxies: peer, or, while the address found
// so far is in a trusted network, the next one to its left in the
// X-Forwarded-For lines (in their order in the request). Everything further
// left is hearsay. An entry that is not an address ends the search at the proxy
// that wrote it. A port, and brackets around IPv6, are accepted.
func ClientIP(peer netip.Addr, forwardedFor [][]byte, trusted []netip.Prefix) netip.Addr {
	client := peer.Unmap()
	for i := len(forwardedFor) - 1; i >= 0; i-- {
		for line, more := forwardedFor[i], true; more; {
			if !contains(trusted, client) {
				return client
			}
			var entry []byte
			line, entry, more = cutLast(line)
			next, ok := parseForwarded(entry)
			if !ok {
				return client
			}
			client = next
		}
	}
	return client
}

// cutLast returns what stands before and after the last comma, and whether
// there is one.
func cutLast(line []byte) (before, entry []byte, found bool) {
	if i := bytes.LastIndexByte(line, ','); i >= 0 {
		return line[:i], bytes.Trim(line[i+1:], " \t"), true
	}
	return nil, bytes.Trim(line, " \t"), false
}

// maxEntry is the longest entry: a bracketed IPv6 address that ends in an IPv4 one, and a port.
const maxEntry = len("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535")

// parseForwarded reads one entry: 192.0.2.1, 192.0.2.1:80, 2001:db8::1,
// [2001:db8::1] or [2001:db8::1]:80.
func parseForwarded(entry []byte) (netip.Addr, bool) {
	if len(entry) == 0 || len(entry) > maxEntry {
		return netip.Addr{}, false
	}
	host, bracketed := entry, entry[0] == '['
	if bracketed {
		end := bytes.IndexByte(entry, ']')
		if end < 0 || !isPort(entry[end+1:]) {
			return netip.Addr{}, false
		}
		host = entry[1:end]
	} else if colon := bytes.IndexByte(entry, ':'); colon >= 0 && bytes.IndexByte(entry[colon+1:], ':') < 0 {
		if !isPort(entry[colon:]) {
			return netip.Addr{}, false
		}
		host = entry[:colon]
	}
	return parseAddr(host, bracketed)
}

// parseAddr reads an address without a zone; wantIPv6 is for what stood in brackets.
func parseAddr(host []byte, wantIPv6 bool) (netip.Addr, bool) {
	if len(host) == 0 || bytes.IndexByte(host, '%') >= 0 {
		return netip.Addr{}, false
	}
	// The string ends with this call: an address without a zone keeps no part of it, and the error is dropped.
	addr, err := netip.ParseAddr(unsafe.String(&host[0], len(host))) //nolint:gosec // see above
	if err != nil || wantIPv6 && !addr.Is6() {
		return netip.Addr{}, false
	}
	return addr.Unmap(), true
}

// isPort reports whether s is empty, or a colon and a port.
func isPort(s []byte) bool {
	if len(s) == 0 {
		return true
	}
	if s[0] != ':' || len(s) < 2 || len(s) > 6 {
		return false
	}
	n := 0
	for _, d := range s[1:] {
		if d < '0' || d > '9' {
			return false
		}
		n = 10*n + int(d-'0')
	}
	return n <= 65535
}
