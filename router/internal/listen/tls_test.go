package listen_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/router/internal/listen"
	"github.com/coditect/platform/shared/testkit"
)

// fasthttp and others recognise TLS by these.
type tlsConn interface {
	Handshake() error
	ConnectionState() tls.ConnectionState
}

func TestTLS13(t *testing.T) {
	t.Parallel()
	a, pair := newAuthority(t), newPair(t, "a")
	a.write(t, pair, 2, "acme.example.com")
	s := serve(t, listen.Options{Certificates: []listen.Pair{pair}, Trusted: loopback, ProxyProtocol: true})
	raw := dial(t, s.Addr())
	if _, err := raw.Write(preamble(t, "192.0.2.7:4711")); err != nil {
		t.Fatal(err)
	}
	config := a.client("acme.example.com")
	config.NextProtos = []string{"h2", "http/1.1"}
	conn := tls.Client(raw, config)
	if err := echo(conn); err != nil {
		t.Fatal(err)
	}
	peer := <-s.peers
	if peer.RemoteAddr().String() != "192.0.2.7:4711" || !peer.TLS() || peer.Trusted() {
		t.Errorf("remote %s, TLS %v, trusted %v", peer.RemoteAddr(), peer.TLS(), peer.Trusted())
	}
	if c, ok := peer.(tlsConn); !ok || c.ConnectionState().Version != tls.VersionTLS13 || c.ConnectionState().NegotiatedProtocol != "http/1.1" {
		t.Errorf("%T", peer)
	}
}

func TestOldVersionsAndOtherProtocolsAreRefused(t *testing.T) {
	t.Parallel()
	a, pair := newAuthority(t), newPair(t, "a")
	a.write(t, pair, 2, "acme.example.com")
	s := serve(t, listen.Options{Certificates: []listen.Pair{pair}})
	for name, change := range map[string]func(*tls.Config){
		"TLS 1.2": func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 },
		"TLS 1.0": func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 },
		"h2":      func(c *tls.Config) { c.NextProtos = []string{"h2"} },
	} {
		config := a.client("acme.example.com")
		change(config)
		if conn, err := dialTLS(testkit.Context(t), s.Addr(), config); err == nil {
			conn.Close()
			t.Errorf("%s: accepted", name)
		}
	}
	plain := dial(t, s.Addr())
	if _, err := io.WriteString(plain, "GET / HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	refused(t, plain)
}

func TestCertificateByName(t *testing.T) {
	t.Parallel()
	a, first, second := newAuthority(t), newPair(t, "a"), newPair(t, "b")
	a.write(t, first, 2, "example.com", "*.example.com")
	a.write(t, second, 3, "app.customer.example", "special.example.com")
	s := serve(t, listen.Options{Certificates: []listen.Pair{first, second}})
	for name, want := range map[string]int64{
		"acme.example.com": 2, "example.com": 2, "APP.customer.example": 3, "special.example.com": 3, "other.example.org": 2,
	} {
		config := a.client(name)
		config.InsecureSkipVerify = name == "other.example.org"
		if got := serial(t, s.Addr(), config); got != want {
			t.Errorf("%s: certificate %d, want %d", name, got, want)
		}
	}
}

func TestSessionsResumeAfterReload(t *testing.T) {
	t.Parallel()
	a, pair := newAuthority(t), newPair(t, "a")
	a.write(t, pair, 2, "acme.example.com")
	s := serve(t, listen.Options{Certificates: []listen.Pair{pair}})
	config := a.client("acme.example.com")
	config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	for i, want := range []bool{false, true, true} {
		conn, err := dialTLS(testkit.Context(t), s.Addr(), config)
		if err != nil {
			t.Fatal(err)
		}
		if err := echo(conn); err != nil { // reads the ticket
			t.Fatal(err)
		}
		if got := conn.ConnectionState().DidResume; got != want {
			t.Errorf("connection %d: resumed %v", i, got)
		}
		conn.Close()
		a.write(t, pair, int64(3+i), "acme.example.com")
		if err := s.Reload(testkit.Context(t)); err != nil {
			t.Fatal(err)
		}
	}
}

// Certificates change under load, and no handshake fails.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	a, pair := newAuthority(t), newPair(t, "a")
	a.write(t, pair, 2, "acme.example.com")
	s := serve(t, listen.Options{Certificates: []listen.Pair{pair}, ReloadInterval: 2 * time.Millisecond})
	ctx, cancel := context.WithCancel(testkit.Context(t))
	defer cancel()
	var clients sync.WaitGroup
	var handshakes, newest atomic.Int64
	for range 4 {
		clients.Go(func() {
			for ctx.Err() == nil {
				conn, err := dialTLS(testkit.Context(t), s.Addr(), a.client("acme.example.com"))
				if err != nil {
					t.Errorf("handshake: %v", err)
					return
				}
				newest.Store(max(newest.Load(), conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()))
				handshakes.Add(1)
				conn.Close()
			}
		})
	}
	for i := range int64(20) {
		a.write(t, pair, 10+i, "acme.example.com")
		testkit.Eventually(t, "the new certificate to be served", func() bool { return newest.Load() == 10+i })
	}
	cancel()
	clients.Wait()
	t.Logf("%d handshakes", handshakes.Load())
}

func TestBadCertificateKeepsTheLastOne(t *testing.T) {
	t.Parallel()
	a, pair := newAuthority(t), newPair(t, "a")
	a.write(t, pair, 2, "acme.example.com")
	registry := prometheus.NewRegistry()
	s := serve(t, listen.Options{Certificates: []listen.Pair{pair}, ReloadInterval: time.Hour, Registry: registry})
	ctx := testkit.Context(t)
	other := newPair(t, "b")
	a.write(t, other, 9, "acme.example.com")
	failures := func() float64 { return metric(t, registry, "router_tls_reload_failures_total") }
	for i, content := range []string{"", "garbage", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"} {
		replace(t, pair.KeyFile, []byte(content))
		for range 2 { // what is known to be bad is counted once
			if err := s.Reload(ctx); err == nil {
				t.Errorf("no error for a key %q", content)
			}
			if got := serial(t, s.Addr(), a.client("acme.example.com")); got != 2 {
				t.Errorf("certificate %d", got)
			}
		}
		if got := failures(); got != float64(i+1) {
			t.Errorf("%v failures counted after %d", got, i+1)
		}
	}
	a.write(t, pair, 3, "acme.example.com")
	if err := s.Reload(ctx); err != nil {
		t.Error(err)
	}
	if got := serial(t, s.Addr(), a.client("acme.example.com")); got != 3 {
		t.Errorf("certificate %d after the repair", got)
	}
	if n := metric(t, registry, "router_tls_certificate_expires_seconds") - float64(time.Now().Unix()); n < 3000 || n > 3600 {
		t.Errorf("expires in %v s", n)
	}
}

// A client that stalls is closed, and holds nobody up meanwhile.
func TestStalledHandshakes(t *testing.T) {
	t.Parallel()
	a, pair := newAuthority(t), newPair(t, "a")
	a.write(t, pair, 2, "acme.example.com")
	s := serve(t, listen.Options{Certificates: []listen.Pair{pair}, HandshakeTimeout: 300 * time.Millisecond})
	start := time.Now()
	for range 50 {
		stalled := dial(t, s.Addr())
		if _, err := stalled.Write([]byte{22, 3, 1}); err != nil {
			t.Fatal(err)
		}
		defer refused(t, stalled)
	}
	if got := serial(t, s.Addr(), a.client("acme.example.com")); got != 2 {
		t.Errorf("certificate %d", got)
	}
	if took := time.Since(start); took > 300*time.Millisecond {
		t.Logf("slow machine: %s", took)
	}
}

// Clients that connect and say nothing fill a bound of their own, not memory.
func TestPreparingIsBounded(t *testing.T) {
	t.Parallel()
	a, pair := newAuthority(t), newPair(t, "a")
	a.write(t, pair, 2, "acme.example.com")
	registry := prometheus.NewRegistry()
	s := serve(t, listen.Options{Certificates: []listen.Pair{pair}, HandshakeTimeout: 5 * time.Minute, Registry: registry})
	silent := make([]net.Conn, listen.MaxPreparing)
	for i := range silent {
		silent[i] = dial(t, s.Addr())
	}
	testkit.Eventually(t, "all of them to be accepted", func() bool {
		return metric(t, registry, "router_connections_accepted_total") == listen.MaxPreparing
	})
	refusedAtOnce(t, s.Addr())
	for _, conn := range silent {
		conn.Close()
	}
	testkit.EventuallyOK(t, "a place to be free", func() error {
		conn, err := dialTLS(testkit.Context(t), s.Addr(), a.client("acme.example.com"))
		if err != nil {
			return err
		}
		return conn.Close()
	})
}
