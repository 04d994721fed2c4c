package engine

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
)

// Standard sends through net/http, on a connection of its own.
type Standard struct {
	opts      Options
	client    http.Client
	transport *http.Transport
}

// NewStandard returns a client of net/http.
func NewStandard(opts Options) *Standard {
	dialer := &net.Dialer{}
	if opts.Source.IsValid() {
		dialer.LocalAddr = &net.TCPAddr{IP: opts.Source.AsSlice()}
	}
	transport := &http.Transport{MaxConnsPerHost: 1, MaxIdleConnsPerHost: 1, DisableCompression: true, DialContext: dialer.DialContext}
	return &Standard{opts: opts, transport: transport, client: http.Client{
		Transport: transport, Timeout: opts.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do sends a request and reads the whole answer.
func (s *Standard) Do(ctx context.Context, r *Request) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, "http://"+s.opts.Address+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return 0, err
	}
	request.Host = r.Host
	request.Header.Set("User-Agent", "") // as the other engine: none
	if r.Key != "" {
		request.Header.Set("Authorization", "Bearer "+r.Key)
	}
	if r.Once != "" {
		request.Header.Set("Idempotency-Key", r.Once)
	}
	if len(r.Body) > 0 {
		request.Header.Set("Content-Type", r.contentType())
	}
	response, err := s.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// Close closes the connection.
func (s *Standard) Close() { s.transport.CloseIdleConnections() }
