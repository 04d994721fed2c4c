package listen_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/coditect/platform/router/internal/listen"
)

var proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}

func TestClientIP(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ peer, lines, want string }{
		{"192.0.2.1", "198.51.100.1", "192.0.2.1"}, // not a proxy: no word of it counts
		{"10.0.0.1", "", "10.0.0.1"},
		{"10.0.0.1", "192.0.2.1", "192.0.2.1"},
		{"::ffff:10.0.0.1", "::ffff:192.0.2.1", "192.0.2.1"},
		{"10.0.0.1", "198.51.100.1, 192.0.2.1", "192.0.2.1"}, // the left one is hearsay
		{"10.0.0.1", "192.0.2.1, 10.0.0.2,\t10.0.0.3 ", "192.0.2.1"},
		{"10.0.0.1", "192.0.2.1|10.0.0.2", "192.0.2.1"}, // two lines
		{"10.0.0.1", "10.0.0.5, 10.0.0.2", "10.0.0.5"},
		{"fd00::1", "2001:db8::1", "2001:db8::1"},
		{"fd00::1", "[2001:db8::1]:443", "2001:db8::1"},
		{"fd00::1", "[2001:db8::1]", "2001:db8::1"},
		{"10.0.0.1", "192.0.2.1:65535", "192.0.2.1"},
		{"10.0.0.1", "192.0.2.9, unknown", "10.0.0.1"},
		{"10.0.0.1", "192.0.2.9, unknown, 10.0.0.2", "10.0.0.2"},
		{"10.0.0.1", "192.0.2.9,,10.0.0.2", "10.0.0.2"},
		{"10.0.0.1", "192.0.2.1:65536", "10.0.0.1"},
		{"10.0.0.1", "192.0.2.1:", "10.0.0.1"},
		{"10.0.0.1", "192.0.2.1:+1", "10.0.0.1"},
		{"10.0.0.1", "192.0.2.01", "10.0.0.1"},
		{"10.0.0.1", "192.0.2.1 x", "10.0.0.1"},
		{"10.0.0.1", "[192.0.2.1]", "10.0.0.1"},
		{"10.0.0.1", "[::1", "10.0.0.1"},
		{"10.0.0.1", "fe80::1%eth0", "10.0.0.1"},
		{"10.0.0.1", "\"192.0.2.1\"", "10.0.0.1"},
		{"10.0.0.1", "192.0.2.1\x00", "10.0.0.1"},
		{"10.0.0.1", strings.Repeat("1", 5000), "10.0.0.1"},
	} {
		if got := listen.ClientIP(netip.MustParseAddr(c.peer), lines(c.lines), proxies); got.String() != c.want {
			t.Errorf("%s for %s: %s, want %s", c.peer, c.lines, got, c.want)
		}
	}
}

func lines(s string) [][]byte {
	if s == "" {
		return nil
	}
	return bytes.Split([]byte(s), []byte("|"))
}

// FuzzClientIP: whoever is not behind a trusted proxy is itself, and an address
// that a stranger wrote is never believed.
func FuzzClientIP(f *testing.F) {
	f.Add("192.0.2.1, 10.0.0.2")
	f.Add("[2001:db8::1]:80,::1,fd00::1")
	f.Add("1.2.3.4:5|,")
	f.Fuzz(func(t *testing.T, text string) {
		given := lines(text)
		stranger := netip.MustParseAddr("198.51.100.9")
		if got := listen.ClientIP(stranger, given, proxies); got != stranger {
			t.Fatalf("a stranger became %s", got)
		}
		got := listen.ClientIP(netip.MustParseAddr("10.0.0.1"), append([][]byte{[]byte("203.0.113.77")}, append(given, []byte("198.51.100.9, 10.9.9.9"))...), proxies)
		if got != stranger {
			t.Fatalf("%s, although 198.51.100.9 is the right-most that no proxy is", got)
		}
		if got := listen.ClientIP(netip.MustParseAddr("10.0.0.1"), given, proxies); !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Fatalf("%v", got)
		}
	})
}

func TestClientIPAllocatesNothing(t *testing.T) {
	peer := netip.MustParseAddr("10.0.0.1")
	for _, line := range []string{"192.0.2.1", "2001:db8::1", "192.0.2.1, 10.0.0.2"} {
		given := lines(line)
		if n := testing.AllocsPerRun(100, func() { listen.ClientIP(peer, given, proxies) }); n != 0 {
			t.Errorf("%s: %v allocations", line, n)
		}
	}
}

func BenchmarkClientIP(b *testing.B) {
	peer, given := netip.MustParseAddr("10.0.0.1"), lines("192.0.2.1")
	for b.Loop() {
		listen.ClientIP(peer, given, proxies)
	}
}
