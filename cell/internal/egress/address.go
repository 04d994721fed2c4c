package egress

import (
	"encoding/binary"
	"net/netip"
)

// notPublic are the special-purpose networks of IPv4 (IANA's registry) that no
// tenant has a server in, and metadata services that hide in public space.
var notPublic = prefixes(
	"0.0.0.0/8",        // this network
	"10.0.0.0/8",       // private
	"100.64.0.0/10",    // carrier-grade NAT; Alibaba's metadata
	"127.0.0.0/8",      // loopback
	"169.254.0.0/16",   // link-local; metadata of most clouds
	"172.16.0.0/12",    // private
	"192.0.0.0/24",     // protocol assignments; Oracle's metadata
	"192.0.2.0/24",     // documentation
	"192.88.99.0/24",   // 6to4 relays
	"192.168.0.0/16",   // private
	"198.18.0.0/15",    // benchmarks
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"224.0.0.0/4",      // multicast
	"240.0.0.0/4",      // reserved, broadcast
	"168.63.129.16/32", // Azure's metadata
)

// Of IPv6 only what is given out for the public internet is let through, minus
// what is special there. All else is loopback, local, multicast, reserved, or
// an IPv4 address in disguise.
var (
	given6     = netip.MustParsePrefix("2000::/3")
	notPublic6 = prefixes(
		"2001::/23",     // protocol assignments, Teredo, ORCHID, benchmarks
		"2001:db8::/32", // documentation
		"2002::/16",     // 6to4
		"3fff::/20",     // documentation
	)
	nat64 = netip.MustParsePrefix("64:ff9b::/96") // how an IPv6 network reaches public IPv4
)

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// public reports whether an address belongs to the public internet.
func public(a netip.Addr) bool {
	switch {
	case !a.IsValid() || a.Zone() != "":
		return false
	case a.Unmap().Is4():
		return !within(a.Unmap(), notPublic)
	case nat64.Contains(a):
		return public(last4(a))
	}
	return given6.Contains(a) && !within(a, notPublic6) && (!isatap(a) || public(last4(a)))
}

func within(a netip.Addr, list []netip.Prefix) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// last4 is the IPv4 address in the last four bytes of an IPv6 one.
func last4(a netip.Addr) netip.Addr {
	b := a.As16()
	return netip.AddrFrom4([4]byte(b[12:]))
}

// isatap reports whether the interface id is that of a tunnel to an IPv4
// address (RFC 5214).
func isatap(a netip.Addr) bool {
	b := a.As16()
	return binary.BigEndian.Uint32(b[8:12])&^0x03000000 == 0x00005efe
}
