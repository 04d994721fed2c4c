package egress_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/coditect/platform/cell/internal/egress"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// Every class of address that is not public, in every spelling.
var refused = []string{
	"https://127.0.0.1/", "https://127.0.0.1./", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/",
	"https://0/", "https://0.0.0.0/", "https://127.0.0.1.:443/", "https://１２７.０.０.１/", "https://127。0。0。1/", "https://①②⑦.⓪.⓪.①/", "https://0x/", "https://1.2.3.0x/",
	"https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/", "https://[0:0:0:0:0:ffff:10.0.0.1]/",
	"https://[64:ff9b::10.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[64:ff9b:1::1]/", "https://[2002:7f00:1::]/", "https://[2002:808:808::1]/",
	"https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "https://[2001:db8::1]/", "https://[3fff::1]/", "https://[2600::5efe:10.0.0.1]/", "https://[2600::200:5efe:7f00:1]/",
	"https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[2600::1%25eth0]/", "https://[fc00::1]/", "https://[fd00:ec2::254]/", "https://[ff02::1]/", "https://[100::1]/",
	"https://[fec0::1]/", "https://[5f00::1]/",
	"https://10.1.2.3/", "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/", "https://168.63.129.16/",
	"https://100.64.0.1/", "https://100.100.100.200/", "https://192.0.0.192/", "https://192.0.2.1/", "https://198.18.0.1/", "https://198.51.100.1/", "https://203.0.113.1/",
	"https://192.88.99.1/", "https://224.0.0.1/", "https://239.255.255.250/", "https://240.0.0.1/", "https://255.255.255.255/",
	"https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://x.localhost/", "https://metadata/", "https://metadata.google.internal/", "https://printer.local/",
	"https://router.lan/", "https://1.0.0.127.in-addr.arpa/", "https://8.8.8.8../", "https://example..com/", "https://.example.com/", "https://example.com../",
	"http://example.com/", "ftp://example.com/", "gopher://example.com/", "file:///etc/passwd", "https:example.com", "//example.com/", "example.com", "", "https://", "https:///x",
	"https://user@example.com/", "https://user:pass@example.com/", "https://example.com@127.0.0.1/", "https://example.com/#x", "https://example.com#@127.0.0.1/",
	"https://example.com:22/", "https://example.com:80/", "https://example.com:0/", "https://example.com:/", "https://example.com:65536/", "https://example.com:x/",
	"https://example.com\\@127.0.0.1/", "https://example.com/ x", "https://exa\tmple.com/", "https://example.com/\r\nHost: x", "https://[::1", "https://[127.0.0.1]/", "https://%31%32%37.0.0.1/",
	"https://" + strings.Repeat("a", 64) + ".com/", "https://example.com/" + strings.Repeat("a", 2048),
}

func TestWhatCanNeverWorkIsRefusedEarly(t *testing.T) {
	t.Parallel()
	guard := egress.New(egress.Options{})
	for _, text := range refused {
		if u, err := guard.CheckURL(text); err == nil {
			t.Errorf("%q passes as %s", text, u)
		}
	}
	for text, want := range map[string]string{
		"https://example.com/hook?a=b": "https://example.com/hook?a=b", "https://EXAMPLE.com.:8443": "https://example.com:8443", "https://8.8.8.8/": "https://8.8.8.8/",
		"https://bücher.example.com/": "https://xn--bcher-kva.example.com/", "https://[2606:4700::1111]/": "https://[2606:4700::1111]/", "https://[64:ff9b::8.8.8.8]/": "https://[64:ff9b::808:808]/",
		"https://example.com:443/": "https://example.com:443/",
	} {
		if u, err := guard.CheckURL(text); err != nil || u.String() != want {
			t.Errorf("%q: %v, %v, want %s", text, u, err, want)
		}
	}
}

// A name is judged by the address that is connected to, at each connection:
// what it resolved to before says nothing.
func TestRebindingIsRefused(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(server.Close)
	for _, addresses := range [][]string{
		{"127.0.0.1"}, {"8.8.8.8", "127.0.0.1"}, {"::1"}, {"::ffff:127.0.0.1"}, {"169.254.169.254"}, {"64:ff9b::7f00:1"}, {"10.0.0.1"}, {"0.0.0.0"},
	} {
		resolver := resolve(t, addresses)
		// The public address of the second case must not be reached either: it is
		// looked up first, and the answer thrown away.
		guard := egress.New(egress.Options{HTTP: true, Resolver: resolver, Timeout: 5 * time.Second})
		if len(addresses) > 1 {
			if got, err := resolver.LookupHost(t.Context(), "rebind.example.com"); err != nil || got[0] != addresses[0] {
				t.Fatalf("first look: %v, %v", got, err)
			}
		}
		_, err := guard.Post(t.Context(), "http://rebind.example.com/", http.Header{}, nil)
		if err == nil || egress.Explain(err) != "use a host on the public internet" {
			t.Errorf("%v: %v", addresses, err)
		}
		guard.CloseIdle()
	}
	if reached.Load() > 0 {
		t.Error("a server on loopback was reached")
	}
}

// resolve is a DNS resolver that answers every question with the next address,
// and the last one from then on.
func resolve(t *testing.T, addresses []string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		names := map[dnsmessage.Type]int{}
		buf := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if answer := answerDNS(buf[:n], addresses, names); answer != nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func answerDNS(question []byte, addresses []string, asked map[dnsmessage.Type]int) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Response, m.Additionals = true, nil
	a := netip.MustParseAddr(addresses[min(asked[q.Type], len(addresses)-1)])
	asked[q.Type]++
	header := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, Type: q.Type}
	switch {
	case q.Type == dnsmessage.TypeA && a.Is4():
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: a.As4()}}}
	case q.Type == dnsmessage.TypeAAAA && a.Is6():
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}}}
	}
	packed, err := m.Pack()
	if err != nil {
		return nil
	}
	return packed
}

func TestPost(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // would connect in our place
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	var redirected atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/target", http.StatusFound)
		case "/target":
			redirected.Store(true)
		case "/long":
			_, _ = w.Write(make([]byte, 1<<20))
		case "/slow":
			<-r.Context().Done()
		}
	}))
	t.Cleanup(server.Close)
	guard := egress.New(egress.Options{Allow: loopback, HTTP: true, Timeout: time.Minute})
	t.Cleanup(guard.CloseIdle)
	hasty := egress.New(egress.Options{Allow: loopback, HTTP: true, Timeout: 100 * time.Millisecond})
	t.Cleanup(hasty.CloseIdle)
	if a, err := guard.Post(t.Context(), server.URL+"/moved", http.Header{}, nil); err != nil || a.Status != http.StatusFound || redirected.Load() {
		t.Errorf("redirect: %+v, %v, followed: %v", a, err, redirected.Load())
	}
	if a, err := guard.Post(t.Context(), server.URL+"/long", http.Header{}, []byte("x")); err != nil || len(a.Body) != 1<<10 {
		t.Errorf("long answer: %d bytes, %v", len(a.Body), err)
	}
	if _, err := hasty.Post(t.Context(), server.URL+"/slow", http.Header{}, nil); err == nil || egress.Explain(err) != "no answer in time" {
		t.Errorf("slow: %v", err)
	}
	strict := egress.New(egress.Options{HTTP: true})
	if _, err := strict.Post(t.Context(), server.URL, http.Header{}, nil); err == nil {
		t.Error("loopback was reached without being allowed")
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	if _, err := guard.Post(t.Context(), closed.URL, http.Header{}, nil); err == nil || egress.Explain(err) != "the connection was refused" {
		t.Errorf("nobody there: %v", err)
	}
	secure := httptest.NewTLSServer(nil)
	t.Cleanup(secure.Close)
	if _, err := guard.Post(t.Context(), secure.URL, http.Header{}, nil); err == nil || egress.Explain(err) != "the server's certificate is not valid for the host" {
		t.Errorf("unknown certificate: %v", err)
	}
}

// Whatever passes is a name of the public DNS or a public address, and means
// the same when it is read again.
func FuzzCheckURL(f *testing.F) {
	for _, text := range refused {
		f.Add(text)
	}
	f.Add("https://example.com:8443/hook?x=y")
	guard := egress.New(egress.Options{})
	f.Fuzz(func(t *testing.T, text string) {
		u, err := guard.CheckURL(text)
		if err != nil {
			return
		}
		again, err := guard.CheckURL(u.String())
		if err != nil || again.String() != u.String() {
			t.Errorf("%q passes as %s, which reads as %v, %v", text, u, again, err)
		}
		host := u.Hostname()
		if a, err := netip.ParseAddr(host); err == nil && (a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified()) {
			t.Errorf("%q passes as %s", text, u)
		}
		if u.Scheme != "https" || u.User != nil || !strings.ContainsAny(host, ".:") || strings.HasSuffix(host, ".") {
			t.Errorf("%q passes as %s", text, u)
		}
	})
}
