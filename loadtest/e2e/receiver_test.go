package e2e_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
)

// receiver takes the traces of all programs as they send them (OTLP over HTTP),
// and keeps the bytes: whoever looks for a text in them need not know where a
// span may have one. It ends with the process.
type receiver struct {
	server *httptest.Server

	mu   sync.Mutex
	sent [][]byte
}

func newReceiver() *receiver {
	r := &receiver{}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			http.Error(w, "not taken", http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sent = append(r.sent, body)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	return r
}

// all is everything that was sent.
func (r *receiver) all() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Join(r.sent, []byte("\n"))
}

// has reports whether a service sent something of a trace.
func (r *receiver) has(service string, trace []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, body := range r.sent {
		if bytes.Contains(body, []byte(service)) && bytes.Contains(body, trace) {
			return true
		}
	}
	return false
}
