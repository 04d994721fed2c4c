package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Options says what is let through. The zero value lets https to the public
// internet through.
type Options struct {
	Allow    []netip.Prefix // networks that are let through although they are not public, on every port
	HTTP     bool           // http as well as https
	Timeout  time.Duration  // of one request with its answer; 0: 10 s
	MaxBody  int64          // bytes that are read of an answer; 0: 1 KiB
	Resolver *net.Resolver  // nil: the system's
	RootCAs  *x509.CertPool // nil: the system's
}

// Guard makes requests. It is safe for concurrent use.
type Guard struct {
	opts   Options
	client *http.Client
}

// Bounds that nobody tunes.
const (
	defaultTimeout = 10 * time.Second
	defaultMaxBody = 1 << 10
	connectTimeout = 5 * time.Second
	maxHeader      = 32 << 10
	keepFor        = 30 * time.Second
)

// New returns a guard. Call CloseIdle when it is not used any more.
func New(opts Options) *Guard {
	if opts.Timeout == 0 {
		opts.Timeout = defaultTimeout
	}
	if opts.MaxBody == 0 {
		opts.MaxBody = defaultMaxBody
	}
	g := &Guard{opts: opts}
	dialer := &net.Dialer{Timeout: connectTimeout, Resolver: opts.Resolver, Control: g.control}
	g.client = &http.Client{
		Transport: &http.Transport{
			Proxy: nil, DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableCompression: true, MaxResponseHeaderBytes: maxHeader,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: opts.RootCAs},
			TLSHandshakeTimeout: connectTimeout, MaxIdleConnsPerHost: 1, MaxIdleConns: 100, IdleConnTimeout: keepFor,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return g
}

// CloseIdle closes connections that wait for reuse.
func (g *Guard) CloseIdle() { g.client.CloseIdleConnections() }

// control decides on the address that is about to be connected to.
func (g *Guard) control(network, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") || !g.open(a.Addr()) {
		return errNotPublic
	}
	return nil
}

// open reports whether the address may be connected to.
func (g *Guard) open(a netip.Addr) bool {
	return public(a) || a.Zone() == "" && within(a.Unmap(), g.opts.Allow)
}

// Answer is what came back.
type Answer struct {
	Status int
	Body   []byte // its beginning
}

// Post sends a request to a URL that a tenant chose. The status is the other
// side's: a redirect is an answer like any other. An error's text, see
// [Explain], says no more than the tenant may know.
func (g *Guard) Post(ctx context.Context, target string, header http.Header, body []byte) (Answer, error) {
	u, err := g.CheckURL(target)
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, g.opts.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(string(body)))
	if err != nil {
		return Answer{}, refusal("use a URL such as https://example.com/hook")
	}
	req.Header = header
	resp, err := g.client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }() // only read; what is longer is cut off with its connection
	beginning, err := io.ReadAll(io.LimitReader(resp.Body, g.opts.MaxBody))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Answer{}, err
	}
	return Answer{Status: resp.StatusCode, Body: beginning}, nil
}

// Explain says in words that the tenant may read why Post failed: nothing of
// our network.
func Explain(err error) string {
	var refused refusal
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var network net.Error
	switch {
	case errors.As(err, &refused):
		return string(refused)
	case errors.As(err, &name):
		return "the host name could not be resolved"
	case errors.As(err, &certificate):
		return "the server's certificate is not valid for the host"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	}
	return "the connection failed"
}
