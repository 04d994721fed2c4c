package listen_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	proxyproto "github.com/pires/go-proxyproto"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/router/internal/listen"
	"github.com/coditect/platform/shared/testkit"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// server answers every line with itself, and remembers its peers.
type server struct {
	*listen.Listener
	peers chan listen.Peer
	done  chan struct{}
}

func serve(t testing.TB, opts listen.Options) *server {
	t.Helper()
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	ln, err := listen.Listen(opts)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Listener: ln, peers: make(chan listen.Peer, 100_000), done: make(chan struct{})}
	go s.run()
	t.Cleanup(func() {
		if err := ln.Close(); err != nil {
			t.Error(err)
		}
		<-s.done
	})
	return s
}

func (s *server) run() {
	defer close(s.done)
	var conns sync.WaitGroup
	defer conns.Wait()
	for {
		conn, err := s.Accept()
		if err != nil {
			return
		}
		s.peers <- conn.(listen.Peer)
		conns.Go(func() {
			defer conn.Close()
			lines := bufio.NewReader(conn)
			for {
				line, err := lines.ReadBytes('\n')
				if err != nil {
					return
				}
				if _, err := conn.Write(line); err != nil {
					return
				}
			}
		})
	}
}

func dial(t testing.TB, addr net.Addr) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// echo sends a line and expects it back.
func echo(conn net.Conn) error {
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, "hello\n"); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 6))
	return err
}

// refused fails the test unless the server closes the connection.
func refused(t testing.TB, conn net.Conn) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := io.Copy(io.Discard, conn); os.IsTimeout(err) || n > 7 { // 7: a TLS alert
		t.Errorf("not refused: %d bytes, %v", n, err)
	}
}

// refusedAtOnce is for a connection over a bound: it may be reset before the
// client knows that it is there.
func refusedAtOnce(t testing.TB, addr net.Addr) {
	t.Helper()
	conn, err := net.Dial("tcp", addr.String())
	if err != nil {
		return
	}
	defer conn.Close()
	refused(t, conn)
}

// preamble is a PROXY header as the reference library writes it.
func preamble(t testing.TB, source string) []byte {
	t.Helper()
	from := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(source))
	to := &net.TCPAddr{IP: from.IP, Port: 443}
	header := proxyproto.HeaderProxyFromAddrs(2, from, to)
	if err := header.SetTLVs([]proxyproto.TLV{{Type: proxyproto.PP2_TYPE_AUTHORITY, Value: []byte("acme.example.com")}}); err != nil {
		t.Fatal(err)
	}
	raw, err := header.Format()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// authority signs certificates of the tests.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{key: newKey(t), pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err == nil {
		a.cert, err = x509.ParseCertificate(raw)
	}
	if err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// write puts a new certificate with that serial number into the pair's files.
func (a *authority) write(t testing.TB, pair listen.Pair, serial int64, names ...string) {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), DNSNames: names}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	rawKey, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, pair.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
	replace(t, pair.KeyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: rawKey}))
}

// replace writes a file as deploy tools do, by rename.
func replace(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func newPair(t testing.TB, name string) listen.Pair {
	t.Helper()
	dir := t.TempDir()
	return listen.Pair{CertFile: filepath.Join(dir, name+".crt"), KeyFile: filepath.Join(dir, name+".key")}
}

func (a *authority) client(name string) *tls.Config {
	return &tls.Config{RootCAs: a.pool, ServerName: name}
}

// dialTLS returns an open session.
func dialTLS(ctx context.Context, addr net.Addr, config *tls.Config) (*tls.Conn, error) {
	dialer := tls.Dialer{Config: config}
	conn, err := dialer.DialContext(ctx, "tcp", addr.String())
	if err != nil {
		return nil, err
	}
	return conn.(*tls.Conn), nil
}

// serial is the number of the certificate that a new client gets to see.
func serial(t testing.TB, addr net.Addr, config *tls.Config) int64 {
	t.Helper()
	conn, err := dialTLS(testkit.Context(t), addr, config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// metric is the sum of a counter's or gauge's values.
func metric(t testing.TB, registry *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}
