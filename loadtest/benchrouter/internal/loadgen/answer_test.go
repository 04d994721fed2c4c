package loadgen_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/coditect/platform/loadtest/benchrouter/internal/loadgen"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const whole = "HTTP/1.1 200 OK\r\ncontent-LENGTH:  5 \r\nX: y\r\n\r\nhello"
	for i := range len(whole) {
		if _, _, end, err := loadgen.Parse([]byte(whole[:i])); end != 0 || err != nil {
			t.Errorf("%q: %d, %v", whole[:i], end, err)
		}
	}
	status, body, end, err := loadgen.Parse([]byte(whole + "HTTP/1.1 503"))
	if string(status) != "200" || string(body) != "hello" || end != len(whole) || err != nil {
		t.Errorf("%s %q %d %v", status, body, end, err)
	}
	for _, bad := range []string{
		"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 2\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "\r\n\r\n",
	} {
		if _, _, _, err := loadgen.Parse([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// What is taken whole, net/http takes too, and reads the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		status, body, end, err := loadgen.Parse(raw)
		if err != nil || end == 0 {
			return
		}
		if end > len(raw) || len(status) != 3 || !bytes.HasSuffix(raw[:end], body) {
			t.Fatalf("%q: status %q, body %q, end %d", raw, status, body, end)
		}
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
		if err != nil || resp.ContentLength != int64(len(body)) {
			return // net/http is stricter; what it reads otherwise must agree
		}
		want, err := io.ReadAll(resp.Body)
		if err != nil || !bytes.Equal(body, want) {
			t.Errorf("%q: %q, net/http reads %q, %v", raw, body, want, err)
		}
	})
}
