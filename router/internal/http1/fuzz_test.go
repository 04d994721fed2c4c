package http1_test

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"testing"

	"github.com/coditect/platform/router/internal/http1"
)

// FuzzParseRequest compares with net/http: what is accepted here must be
// accepted there, and mean the same. (Not the other way round: net/http is wider.)
func FuzzParseRequest(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST /x?y HTTP/1.1\r\nHost: a:80\r\nContent-Length: 2\r\n\r\nab",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"\r\nGET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX_Tenant_Id: b\r\nFoo:\t bar \r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r http1.Request
		n, err := http1.ParseRequest(raw, &r)
		if err != nil {
			if bad := (*http1.ParseError)(nil); !errors.As(err, &bad) && !errors.Is(err, http1.ErrIncomplete) {
				t.Fatalf("%v", err)
			}
			return
		}
		if n > len(raw) || n > http1.MaxHeader || !bytes.HasSuffix(raw[:n], []byte("\r\n\r\n")) {
			t.Fatalf("%d of %d octets", n, len(raw))
		}
		other, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return // it refuses some hosts, targets and methods that mean one thing only
		}
		if other.ContentLength != max(r.ContentLength, 0) && !r.Chunked || r.Chunked != (len(other.TransferEncoding) == 1) || other.Method != string(r.Method) {
			t.Fatalf("net/http reads %d %v %s, http1 %d %t %s", other.ContentLength, other.TransferEncoding, other.Method, r.ContentLength, r.Chunked, r.Method)
		}
	})
}

func FuzzParseResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"))
	f.Add([]byte("HTTP/1.0 204 \r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r http1.Response
		n, err := http1.ParseResponse(raw, &r)
		if err != nil {
			return
		}
		if n > len(raw) || r.Status < 100 || r.Status > 999 {
			t.Fatalf("%d of %d octets, status %d", n, len(raw), r.Status)
		}
		other, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
		if err == nil && (other.StatusCode != r.Status || r.ContentLength >= 0 && !r.NoBody(nil) && other.ContentLength != r.ContentLength) {
			t.Fatalf("net/http reads %d %d, http1 %d %d", other.StatusCode, other.ContentLength, r.Status, r.ContentLength)
		}
	})
}

// FuzzChunks checks that a body means the same however it is cut.
func FuzzChunks(f *testing.F) {
	f.Add([]byte("3\r\nabc\r\n0\r\n\r\n"), 2)
	f.Add([]byte("1;x\r\na\r\n0\r\nX: y\r\n\r\n"), 1)
	f.Fuzz(func(t *testing.T, raw []byte, size int) {
		whole, rest, err := decode(string(raw), len(raw)+1)
		body, rest2, err2 := decode(string(raw), min(max(size, 1), 1000))
		if (err == nil) != (err2 == nil) || err == nil && (whole != body || rest != rest2) {
			t.Fatalf("%q %q %v; in pieces %q %q %v", whole, rest, err, body, rest2, err2)
		}
	})
}
