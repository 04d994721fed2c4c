package app

import (
	"bytes"
	"io"
	"net/http"
	"os"
)

// maxKeyFile is more than package authn reads of an issuer's keys.
const maxKeyFile = 2 << 20

// keyFile keeps the issuer's last published keys beside the directory's
// snapshot: they are public, and with them a router that restarts while its
// issuer is down goes on verifying tokens.
type keyFile struct {
	path string
	next http.RoundTripper
}

func newKeyFile(path string) *keyFile {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // a request in five minutes
	return &keyFile{path: path, next: transport}
}

// RoundTrip implements [http.RoundTripper]. An issuer that does not answer is
// answered for by the file; one that answers, whatever it says, is not.
func (k *keyFile) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := k.next.RoundTrip(r)
	if err != nil {
		raw, readErr := os.ReadFile(k.path)
		if readErr != nil {
			return nil, err // there is no file yet: the issuer's failure is what matters
		}
		return &http.Response{
			StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(bytes.NewReader(raw)), ContentLength: int64(len(raw)), Request: r,
		}, nil
	}
	if resp.StatusCode != http.StatusOK {
		return resp, nil
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxKeyFile))
	_ = resp.Body.Close() // it was read
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(raw))
	k.save(raw)
	return resp, nil
}

// save replaces the file. That it cannot is no reason to fail: the keys are
// there, and the next fetch tries again.
func (k *keyFile) save(raw []byte) {
	if old, err := os.ReadFile(k.path); err == nil && bytes.Equal(old, raw) {
		return
	}
	next := k.path + ".new"
	if os.WriteFile(next, raw, 0o600) == nil {
		_ = os.Rename(next, k.path)
	}
}
