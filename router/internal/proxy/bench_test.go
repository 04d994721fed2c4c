package proxy_test

import (
	"bytes"
	"net"
	"testing"

	"github.com/coditect/platform/router/internal/limiter"
	"github.com/coditect/platform/router/internal/proxy"
	"github.com/coditect/platform/shared/directory"
)

// echoCell answers every header with the same few octets, and allocates nothing
// for it.
func echoCell(t testing.TB) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buf := make([]byte, 8<<10)
				answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
				for {
					if n, err := conn.Read(buf); err != nil || !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")) {
						return
					}
					if _, err := conn.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return listener
}

// exchanger sends the same request again and again on one connection.
func exchanger(t testing.TB, f *fixture) func() {
	t.Helper()
	f.cache.PutCell(directory.Cell{ID: "cell-a", Endpoint: "http://" + echoCell(t).Addr().String(), State: directory.CellActive, Version: 99})
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	request := []byte("GET /v1/projects HTTP/1.1\r\nHost: acme.example.com\r\nUser-Agent: test\r\nAccept: */*\r\nAuthorization: " + f.key() + "\r\n\r\n")
	buf := make([]byte, 8<<10)
	return func() {
		if _, err := conn.Write(request); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(buf); err != nil || !bytes.HasPrefix(buf[:n], []byte("HTTP/1.1 200")) {
			t.Fatalf("%q %v", buf[:n], err)
		}
	}
}

func withLimits(t testing.TB) func(*proxy.Options) {
	t.Helper()
	l, err := limiter.New(limiter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return func(o *proxy.Options) { o.Limiter = l }
}

// A request of a known tenant, from socket to socket: resolved, limited, signed,
// forwarded, logged.
func TestForwardingAllocatesNothing(t *testing.T) {
	f := start(t, withLimits(t))
	exchange := exchanger(t, f)
	for range 100 {
		exchange()
	}
	if n := testing.AllocsPerRun(500, exchange); n >= 1 && !raceDetector { // a pool may be emptied by a collection
		t.Errorf("%v allocations a request", n)
	}
}

func BenchmarkForward(b *testing.B) {
	f := start(b, withLimits(b))
	exchange := exchanger(b, f)
	b.ReportAllocs()
	for b.Loop() {
		exchange()
	}
}
