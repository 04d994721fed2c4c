package proxy_test

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/coditect/platform/router/internal/proxy"
)

// What the router accepts, two independent parsers must read alike: the same
// host, the same framing. net/http stands for the servers behind the router.
func FuzzStrictHeaders(f *testing.F) {
	for _, seed := range []string{
		"Host: a.example.com\r\nContent-Length: 3\r\n", "Host: a.example.com\r\nTransfer-Encoding: chunked\r\n",
		"Host: a\r\nHost: b\r\n", "Host: a\r\nTransfer-Encoding : chunked\r\n", "Host: a\r\nX: 1\r\n 2\r\n", "Host: a\r\nTransfer_Encoding: chunked\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if proxy.StrictHeaders(raw) != nil {
			return
		}
		wire := append(append([]byte("POST / HTTP/1.1\r\n"), raw...), "\r\n"...)
		var fast fasthttp.RequestHeader
		if fast.Read(bufio.NewReader(bytes.NewReader(wire))) != nil {
			return // refused by the engine
		}
		std, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
		if err != nil {
			return // the server behind would refuse, too
		}
		if host := string(fast.Host()); host != std.Host {
			t.Errorf("host %q or %q", host, std.Host)
		}
		chunked := len(std.TransferEncoding) > 0
		if fast.ContentLength() == -1 != chunked {
			t.Errorf("chunked: %v or %v", fast.ContentLength() == -1, chunked)
		}
		if !chunked && fast.ContentLength() >= 0 && int64(fast.ContentLength()) != std.ContentLength {
			t.Errorf("length %d or %d", fast.ContentLength(), std.ContentLength)
		}
	})
}

// A name that any server could fold into a trusted one is dropped.
func FuzzMustDrop(f *testing.F) {
	f.Add("X-Tenant-Id")
	f.Add("x_tenant-ID")
	f.Add("X-Tenant-Ide")
	f.Fuzz(func(t *testing.T, name string) {
		folded := strings.ReplaceAll(strings.ToLower(name), "_", "-")
		for _, trusted := range []string{"x-tenant-id", "x-tenant-epoch", "x-edge-signature", "x-forwarded-for"} {
			if folded == trusted && len(name) == len(trusted) && !proxy.MustDrop([]byte(name)) {
				t.Errorf("%q passes", name)
			}
		}
	})
}

func FuzzTraceparent(f *testing.F) {
	f.Add("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	f.Add("00-00000000000000000000000000000000-00f067aa0ba902b7-01")
	f.Fuzz(func(t *testing.T, v string) {
		if proxy.ValidTraceparent([]byte(v)) && (len(v) != 55 || strings.ContainsAny(v, "\r\n \x00") || strings.Contains(v[:36], "00000000000000000000000000000000-")) {
			t.Errorf("%q accepted", v)
		}
	})
}
