package http1_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/coditect/platform/router/internal/http1"
)

func TestGoodRequests(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		raw, target string
		length      int64
		chunked     bool
		close       bool
	}{
		"plain":              {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "/", -1, false, false},
		"empty line first":   {"\r\nGET /x?y=%20 HTTP/1.1\r\nHost: a\r\n\r\n", "/x?y=%20", -1, false, false},
		"HTTP/1.0":           {"GET / HTTP/1.0\r\nHost: a\r\n\r\n", "/", -1, false, true},
		"HTTP/1.0 kept":      {"GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n", "/", -1, false, false},
		"close in a list":    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: foo , Close\r\n\r\n", "/", -1, false, true},
		"length":             {"POST / HTTP/1.1\r\nHost: a\r\ncontent-length:\t12 \r\n\r\n", "/", 12, false, false},
		"chunked":            {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", "/", -1, true, false},
		"absolute":           {"GET http://A:80/p HTTP/1.1\r\nHost: a:80\r\n\r\n", "/p", -1, false, false},
		"absolute, no path":  {"GET https://a HTTP/1.1\r\nHost: a\r\n\r\n", "/", -1, false, false},
		"obs-text in value":  {"GET / HTTP/1.1\r\nHost: a\r\nX: \xe9\r\n\r\n", "/", -1, false, false},
		"empty header value": {"GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n", "/", -1, false, false},
	} {
		var r http1.Request
		rest := "GET /next"
		n, err := http1.ParseRequest([]byte(c.raw+rest), &r)
		if err != nil || n != len(c.raw) {
			t.Errorf("%s: %d, %v", name, n, err)
			continue
		}
		if string(r.Target) != c.target || r.ContentLength != c.length || r.Chunked != c.chunked || r.Close != c.close {
			t.Errorf("%s: %q %d %t %t", name, r.Target, r.ContentLength, r.Chunked, r.Close)
		}
	}
}

// Every one of these reads differently in some server.
func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"CL and TE":              "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"two CLs":                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
		"list of CLs":            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
		"signed CL":              "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
		"hex CL":                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n",
		"empty CL":               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
		"huge CL":                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999\r\n\r\n",
		"two TEs":                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		"TE identity":            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
		"TE list":                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"TE with HTTP/1.0":       "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
		"TE with underscore":     "POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\n\r\n",
		"TE with dot":            "POST / HTTP/1.1\r\nHost: a\r\nTransfer.Encoding: chunked\r\n\r\n",
		"CL with underscore":     "POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 1\r\n\r\n",
		"space before colon":     "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
		"folded":                 "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n",
		"folded first":           "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
		"bare LF":                "GET / HTTP/1.1\nHost: a\r\n\r\n",
		"bare LF in a header":    "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
		"bare LF at the end":     "GET / HTTP/1.1\r\nHost: a\r\n\n",
		"bare CR":                "GET / HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n",
		"NUL":                    "GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
		"NUL in a name":          "GET / HTTP/1.1\r\nHost: a\r\nX\x00: y\r\n\r\n",
		"no host":                "GET / HTTP/1.1\r\n\r\n",
		"two hosts":              "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
		"other authority":        "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"authority form":         "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
		"CONNECT with a path":    "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n",
		"CONNECT, absolute":      "CONNECT http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"asterisk form":          "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
		"two slashes":            "GET //b/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"two slashes, absolute":  "GET http://a//b HTTP/1.1\r\nHost: a\r\n\r\n",
		"fragment":               "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n",
		"space in target":        "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
		"two spaces":             "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
		"tab":                    "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"8-bit target":           "GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
		"HTTP/1.2":               "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
		"HTTP/2.0":               "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"HTTP/0.9":               "GET /\r\n\r\n",
		"lower-case version":     "GET / http/1.1\r\nHost: a\r\n\r\n",
		"no name":                "GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n",
		"no colon":               "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
		"two authorizations":     "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nAuthorization: y\r\n\r\n",
		"two tenant ids":         "GET / HTTP/1.1\r\nHost: a\r\nX-Tenant-Id: x\r\nx-tenant-id: y\r\n\r\n",
		"TLS":                    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"two empty lines before": "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"long line":              "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", http1.MaxLine) + "\r\n\r\n",
		"long target":            "GET /" + strings.Repeat("x", http1.MaxTarget) + " HTTP/1.1\r\nHost: a\r\n\r\n",
		"many lines":             "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", http1.MaxFields) + "\r\n",
		"long header":            "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: "+strings.Repeat("y", 9000)+"\r\n", 4) + "\r\n",
	} {
		var r http1.Request
		_, err := http1.ParseRequest([]byte(raw), &r)
		if bad := (*http1.ParseError)(nil); !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIncompleteRequests(t *testing.T) {
	t.Parallel()
	whole := "POST /v1/x?y HTTP/1.1\r\nHost: acme.example.com\r\nContent-Length: 3\r\nX-Long: " + strings.Repeat("z", 300) + "\r\n\r\n"
	for n := range len(whole) {
		var r http1.Request
		if _, err := http1.ParseRequest([]byte(whole[:n]), &r); !errors.Is(err, http1.ErrIncomplete) {
			t.Fatalf("%q: %v", whole[:n], err)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]http1.Name{
		"Host": http1.Host, "hOST": http1.Host, "X-Tenant-Id": http1.TenantID, "X_Tenant_ID": http1.Disguised, "x-tenant_id": http1.Disguised,
		"Tenant-State": http1.TenantState, "tenant_state": http1.Disguised, "X-Own": http1.Other, "": http1.Other, "connection": http1.Connection,
		"X-Forwarded-For": http1.ForwardedFor, "x_edge_signature": http1.Disguised, strings.Repeat("x", 400): http1.Other,
	} {
		if got := http1.NameOf([]byte(name)); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

func TestParsingAllocatesNothing(t *testing.T) {
	raw := []byte("GET /v1/projects?x=1 HTTP/1.1\r\nHost: acme.example.com\r\nUser-Agent: test\r\nAccept: */*\r\nAuthorization: Bearer x\r\n\r\n")
	var r http1.Request
	if n := testing.AllocsPerRun(100, func() {
		if _, err := http1.ParseRequest(raw, &r); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParseRequest(b *testing.B) {
	raw := []byte("GET /v1/projects?x=1 HTTP/1.1\r\nHost: acme.example.com\r\nUser-Agent: test\r\nAccept: */*\r\nAuthorization: Bearer x\r\n\r\n")
	var r http1.Request
	b.ReportAllocs()
	for b.Loop() {
		if _, err := http1.ParseRequest(raw, &r); err != nil {
			b.Fatal(err)
		}
	}
}
