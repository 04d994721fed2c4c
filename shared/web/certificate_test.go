package web_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coditect/platform/shared/web"
)

// writePair writes a certificate for 127.0.0.1 that is its own authority.
func writePair(t *testing.T, dir, name string) (pair string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(24 * time.Hour), NotBefore: time.Now().Add(-time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for path, content := range map[string][]byte{certFile: certPEM, keyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(certPEM)
	return certFile + "," + keyFile, roots
}

func TestServeOverTLS(t *testing.T) {
	t.Parallel()
	pair, roots := writePair(t, t.TempDir(), "first")
	certificate, err := web.OpenCertificate(pair, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := web.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = web.Serve(t.Context(), web.ServerOptions{
			Name: "test", Listener: certificate.Over(plain), Log: slog.New(slog.DiscardHandler),
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }),
		})
	}()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	t.Cleanup(client.CloseIdleConnections)
	response, err := client.Get("https://" + plain.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || string(body) != "HTTP/1.1" || response.TLS.Version != tls.VersionTLS13 {
		t.Errorf("%q, %v, %x", body, err, response.TLS.Version)
	}
	if answer, err := http.Get("http://" + plain.Addr().String()); err == nil && answer.StatusCode != http.StatusBadRequest {
		t.Errorf("a request without TLS was answered with %d", answer.StatusCode)
	}
}

// shown is the certificate that a listener shows now.
func shown(t *testing.T, certificate *web.Certificate) string {
	t.Helper()
	here, there := net.Pipe()
	served := certificate.Over(oneConn{there})
	go func() {
		conn, _ := served.Accept()
		_ = conn.(*tls.Conn).HandshakeContext(t.Context())
		_ = conn.Close()
	}()
	client := tls.Client(here, &tls.Config{InsecureSkipVerify: true})
	if err := client.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	return client.ConnectionState().PeerCertificates[0].Subject.CommonName
}

// oneConn is a listener of one connection.
type oneConn struct{ net.Conn }

func (l oneConn) Accept() (net.Conn, error) { return l.Conn, nil }
func (l oneConn) Addr() net.Addr            { return l.LocalAddr() }

func TestACertificateIsReadAgainAndABrokenOneIsNotTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		pair, _ := writePair(t, dir, "first")
		certificate, err := web.OpenCertificate(pair, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			change func()
			want   string
		}{
			{func() {}, "first"},
			{func() { writePair(t, dir, "the second") }, "the second"},
			{func() { _ = os.WriteFile(filepath.Join(dir, "tls.crt"), []byte("nonsense"), 0o600) }, "the second"},
			{func() { _ = os.Remove(filepath.Join(dir, "tls.crt")) }, "the second"},
			{func() { writePair(t, dir, "the third one") }, "the third one"},
		} {
			step.change()
			<-time.After(time.Minute) // of the bubble's clock
			if got := shown(t, certificate); got != step.want {
				t.Errorf("%q is shown, want %q", got, step.want)
			}
		}
	})
}

func TestOpenCertificateSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, pair := range []string{"", "cert.pem", ",key.pem", "/not/there,/not/there"} {
		if _, err := web.OpenCertificate(pair, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%q was accepted", pair)
		}
	}
}
