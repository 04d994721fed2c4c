package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// Headers of the Idempotency-Key draft (draft-ietf-httpapi-idempotency-key-header).
const (
	headerKey      = "Idempotency-Key"
	headerReplayed = "Idempotent-Replayed" // "true": the answer is that of an earlier request
)

const maxIdempotencyKey = 255

// withOnce makes a write that carries an Idempotency-Key take effect once. The
// answer is held back until it is stored in the write's own transaction: what a
// client gets to see is committed.
func withOnce(render func(http.ResponseWriter, *http.Request, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			once, err := readOnce(r)
			switch {
			case err != nil:
				render(w, r, err)
			case once == nil:
				next.ServeHTTP(w, r)
			default:
				callFrom(r.Context()).Once = once
				answerOnce(w, r, once, next, render)
			}
		})
	}
}

func answerOnce(w http.ResponseWriter, r *http.Request, once *cell.Once, next http.Handler, render func(http.ResponseWriter, *http.Request, error)) {
	held := &heldAnswer{header: http.Header{}}
	defer func() { // also if the handler panics
		if once.Open != nil {
			once.Open.Abandon(context.WithoutCancel(r.Context()))
		}
	}()
	next.ServeHTTP(held, r)
	if once.Open != nil && held.status < http.StatusInternalServerError {
		if err := once.Open.Finish(r.Context(), held.toStore(once)); err != nil {
			render(w, r, err)
			return
		}
	}
	held.send(w)
}

// readOnce returns nil if the request is no write or carries no key.
func readOnce(r *http.Request) (*cell.Once, error) {
	keys := r.Header.Values(headerKey)
	if len(keys) == 0 || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil, nil //nolint:nilnil // there is nothing to do once
	}
	if len(keys) > 1 || !validKey(keys[0]) {
		return nil, fault.New(fault.Invalid, "the request breaks rules of the API").
			At(headerKey, "send one key of 1 to %d visible ASCII characters, such as a UUID", maxIdempotencyKey)
	}
	print, err := fingerprint(r)
	if err != nil {
		return nil, err
	}
	return &cell.Once{Key: keys[0], Fingerprint: print}, nil
}

func validKey(key string) bool {
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return false
		}
	}
	return len(key) > 0 && len(key) <= maxIdempotencyKey
}

// fingerprint covers what the request asks for: method, path and query,
// precondition, body. The validator has bounded the body.
func fingerprint(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fault.Wrap(err, fault.Malformed, "the body could not be read")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\n%s\n%q\n", r.Method, r.URL.RequestURI(), r.Header.Values("If-Match")) // a hash takes everything
	_, _ = h.Write(body)
	return h.Sum(nil), nil
}

// heldAnswer is an answer that waits for its commit.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *heldAnswer) Header() http.Header { return a.header }

func (a *heldAnswer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *heldAnswer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *heldAnswer) toStore(once *cell.Once) cell.Answer {
	body := a.body.Bytes()
	if once.Secret != "" {
		body = bytes.ReplaceAll(body, []byte(once.Secret), nil)
	}
	return cell.Answer{
		Status: max(a.status, http.StatusOK), ETag: a.header.Get("ETag"), Location: a.header.Get("Location"), MediaType: a.header.Get("Content-Type"), Body: body,
	}
}

func (a *heldAnswer) send(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(max(a.status, http.StatusOK))
	_, _ = w.Write(a.body.Bytes()) // the client may be gone; it can repeat the request
}

// replay sends the answer of an earlier request.
func replay(w http.ResponseWriter, a cell.Answer) {
	for name, value := range map[string]string{
		"ETag": a.ETag, "Location": a.Location, "Content-Type": a.MediaType, "Cache-Control": "no-store", headerReplayed: "true",
	} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body)
}
