package listen_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/router/internal/listen"
	"github.com/coditect/platform/shared/testkit"
)

func TestPlainConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{Trusted: loopback})
	conn := dial(t, s.Addr())
	if err := echo(conn); err != nil {
		t.Fatal(err)
	}
	peer := <-s.peers
	if peer.RemoteAddr().String() != conn.LocalAddr().String() || peer.Remote().String() != conn.LocalAddr().String() {
		t.Errorf("remote %s, %s", peer.RemoteAddr(), peer.Remote())
	}
	if peer.TLS() || !peer.Trusted() {
		t.Errorf("TLS %v, trusted %v", peer.TLS(), peer.Trusted())
	}
	if _, isTLS := peer.(interface{ Handshake() error }); isTLS {
		t.Error("a plain connection looks like TLS")
	}
}

func TestProxyHeaderGivesTheClient(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{Trusted: loopback, ProxyProtocol: true})
	for _, source := range []string{"192.0.2.7:4711", "[2001:db8::7]:4711"} {
		conn := dial(t, s.Addr())
		if _, err := conn.Write(append(preamble(t, source), "early\n"...)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, 6)); err != nil {
			t.Fatal(err)
		}
		peer := <-s.peers
		if peer.RemoteAddr().String() != source || peer.Remote().String() != source {
			t.Errorf("remote %s, %s, want %s", peer.RemoteAddr(), peer.Remote(), source)
		}
		if peer.Trusted() {
			t.Error("what a client says through a load balancer is believed")
		}
	}
}

// The load balancer's health checks: LOCAL, and PROXY with unknown addresses.
func TestProxyHeaderWithoutAddress(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{Trusted: loopback, ProxyProtocol: true})
	for _, head := range []string{"\x20\x00\x00\x00", "\x20\x11\x00\x02xx", "\x21\x00\x00\x03\x01\x00\x00"} {
		conn := dial(t, s.Addr())
		if _, err := io.WriteString(conn, "\r\n\r\n\x00\r\nQUIT\n"+head); err != nil {
			t.Fatal(err)
		}
		if err := echo(conn); err != nil {
			t.Fatalf("%q: %v", head, err)
		}
		if peer := <-s.peers; peer.RemoteAddr().String() != conn.LocalAddr().String() || !peer.Trusted() {
			t.Errorf("%q: remote %s, trusted %v", head, peer.RemoteAddr(), peer.Trusted())
		}
	}
}

func TestProxyHeaderIsRequiredOfTrustedPeers(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	s := serve(t, listen.Options{Trusted: loopback, ProxyProtocol: true, Registry: registry})
	for name, first := range map[string]string{
		"HTTP": "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "version 1": "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
		"datagram": "\r\n\r\n\x00\r\nQUIT\n\x21\x12\x00\x0c", "too long": "\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff",
		"too short": "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0b", "version": "\r\n\r\n\x00\r\nQUIT\n\x31\x11\x00\x0c",
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, s.Addr())
			if _, err := io.WriteString(conn, first); err != nil {
				t.Fatal(err)
			}
			refused(t, conn)
		})
	}
	if n := metric(t, registry, "router_connections_refused_total"); n != 6 {
		t.Errorf("%v refusals counted", n)
	}
}

// Of anybody else a PROXY header is not read: its bytes are the request.
func TestProxyHeaderOfStrangersIsContent(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, ProxyProtocol: true})
	conn := dial(t, s.Addr())
	raw := append(preamble(t, "192.0.2.7:1"), '\n')
	if _, err := conn.Write(raw); err != nil {
		t.Fatal(err)
	}
	back := make([]byte, len(raw))
	if _, err := io.ReadFull(conn, back); err != nil || string(back) != string(raw) {
		t.Errorf("%q, %v", back, err)
	}
	if peer := <-s.peers; peer.RemoteAddr().String() != conn.LocalAddr().String() || peer.Trusted() {
		t.Errorf("remote %s, trusted %v", peer.RemoteAddr(), peer.Trusted())
	}
}

func TestConnectionCaps(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{MaxConns: 3})
	conns := make([]net.Conn, 3)
	for i := range conns {
		conns[i] = dial(t, s.Addr())
		if err := echo(conns[i]); err != nil {
			t.Fatal(err)
		}
	}
	refusedAtOnce(t, s.Addr())
	conns[0].Close()
	testkit.EventuallyOK(t, "a place to be free", func() error { return dialAndEcho(s.Addr().String()) })
}

func TestConnectionsPerAddress(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{Trusted: loopback, ProxyProtocol: true, MaxConnsPerAddr: 2})
	open := func(source string) net.Conn {
		conn := dial(t, s.Addr())
		if _, err := conn.Write(preamble(t, source)); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	var first net.Conn
	for _, source := range []string{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1", "[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8:0:1::1]:1"} {
		conn := open(source)
		if err := echo(conn); err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		if first == nil {
			first = conn
		}
	}
	refused(t, open("192.0.2.1:3"))
	refused(t, open("[2001:db8::3]:1")) // the same /64
	first.Close()
	testkit.EventuallyOK(t, "a place of the address to be free", func() error { return echo(open("192.0.2.1:4")) })

	trusted := serve(t, listen.Options{Trusted: loopback, MaxConnsPerAddr: 1})
	for range 5 { // a load balancer without the PROXY protocol
		if err := echo(dial(t, trusted.Addr())); err != nil {
			t.Error(err)
		}
	}
}

// What the kernel has accepted when the listener closes is served.
func TestCloseDrainsTheQueue(t *testing.T) {
	t.Parallel()
	ln, err := listen.Listen(listen.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		dial(t, ln.Addr())
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		conn, err := ln.Accept()
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		conn.Close()
	}
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
	if conn, err := net.DialTimeout("tcp", ln.Addr().String(), time.Second); err == nil {
		conn.Close()
		t.Error("still listening")
	}
}

func TestListenErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{})
	for name, opts := range map[string]listen.Options{
		"taken":       {Addr: s.Addr().String()},
		"no trust":    {Addr: "127.0.0.1:0", ProxyProtocol: true},
		"no network":  {Addr: "127.0.0.1:0", Trusted: []netip.Prefix{{}}},
		"no such key": {Addr: "127.0.0.1:0", Certificates: []listen.Pair{{CertFile: "/nowhere/a.crt", KeyFile: "/nowhere/a.key"}}},
	} {
		if ln, err := listen.Listen(opts); err == nil {
			ln.Close()
			t.Errorf("%s: no error", name)
		}
	}
}
