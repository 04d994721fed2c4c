package main

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// counter stands before the authorization server and counts.
type counter struct {
	listener net.Listener
	server   *http.Server
	target   atomic.Pointer[url.URL]
	count    atomic.Int64
}

func newCounter() (*counter, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // for as long as the program
	if err != nil {
		return nil, err
	}
	c := &counter{listener: listener}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(c.target.Load()); r.Out.Host = r.In.Host }}
	c.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.count.Add(1)
		proxy.ServeHTTP(w, r)
	})}
	go func() { _ = c.server.Serve(listener) }() // ends with close
	return c, nil
}

func (c *counter) to(port int) {
	c.target.Store(&url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))})
}

func (c *counter) port() int { return c.listener.Addr().(*net.TCPAddr).Port }

func (c *counter) requests() int64 { return c.count.Load() }

func (c *counter) close() { _ = c.server.Close() }
