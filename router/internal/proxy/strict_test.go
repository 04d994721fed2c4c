package proxy_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Each of these could be read as two different requests, or carries what no
// request carries. The cell must see none of them.
func TestAmbiguousRequestsAreRefused(t *testing.T) {
	t.Parallel()
	f := start(t)
	const host = "Host: acme.example.com\r\n"
	for name, raw := range map[string]string{
		"CL and TE":            "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"TE and CL":            "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
		"two CL":               "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
		"two equal CL":         "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
		"signed CL":            "POST / HTTP/1.1\r\n" + host + "Content-Length: +3\r\n\r\nabc",
		"TE underscore":        "POST / HTTP/1.1\r\n" + host + "Transfer_Encoding: chunked\r\n\r\n0\r\n\r\n",
		"TE in pieces":         "POST / HTTP/1.1\r\n" + host + "Transfer.Encoding: chunked\r\n\r\n0\r\n\r\n",
		"TE twice":             "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"unknown coding":       "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"space before colon":   "GET / HTTP/1.1\r\n" + host + "X-A : 1\r\n\r\n",
		"folded":               "GET / HTTP/1.1\r\n" + host + "X-A: 1\r\n 2\r\n\r\n",
		"bare LF":              "GET / HTTP/1.1\r\n" + host + "X-A: 1\n\r\n",
		"bare CR":              "GET / HTTP/1.1\r\n" + host + "X-A: 1\r2\r\n\r\n",
		"NUL":                  "GET / HTTP/1.1\r\n" + host + "X-A: 1\x002\r\n\r\n",
		"no host":              "GET / HTTP/1.1\r\n\r\n",
		"two hosts":            "GET / HTTP/1.1\r\n" + host + host + "\r\n",
		"absolute form":        "GET http://globex.example.com/ HTTP/1.1\r\n" + host + "\r\n",
		"two slashes":          "GET //globex.example.com/ HTTP/1.1\r\n" + host + "\r\n",
		"fragment":             "GET /#x HTTP/1.1\r\n" + host + "\r\n",
		"asterisk":             "OPTIONS * HTTP/1.1\r\n" + host + "\r\n",
		"HTTP/1.2":             "GET / HTTP/1.2\r\n" + host + "\r\n",
		"no colon":             "GET / HTTP/1.1\r\n" + host + "X-A\r\n\r\n",
		"connection drops key": "GET / HTTP/1.1\r\n" + host + "Connection: close, X-Tenant-Id\r\n\r\n",
		"huge header":          "GET / HTTP/1.1\r\n" + host + "X-A: " + strings.Repeat("a", 64<<10) + "\r\n\r\n",
		"connect":              "CONNECT acme.example.com:443 HTTP/1.1\r\n" + host + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", f.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			// The router may answer and close before it has read everything.
			_, _ = fmt.Fprint(conn, raw)
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				return // closed without an answer: refused, too
			}
			defer resp.Body.Close()
			if resp.StatusCode < 400 || resp.StatusCode >= 500 {
				t.Errorf("answered %d", resp.StatusCode)
			}
		})
	}
	t.Cleanup(func() {
		if n := f.cells["cell-a"].requests.Load() + f.cells["cell-b"].requests.Load(); n != 0 {
			t.Errorf("%d of them reached a cell", n)
		}
	})
}
