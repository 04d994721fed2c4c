package authntest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Values of every token that is not told otherwise.
const (
	Name     = "https://issuer.test/"
	Audience = "https://api.test/"
)

// Issuer publishes its keys on loopback. It is safe for concurrent use.
type Issuer struct {
	server *http.Server
	url    string

	mu      sync.Mutex
	keys    []*Key
	fetches int
	answer  http.HandlerFunc // nil: the keys
}

// New starts an issuer without keys. Close ends it.
func New() (*Issuer, error) {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	i := &Issuer{url: "http://" + listener.Addr().String() + "/jwks.json"}
	i.server = &http.Server{Handler: http.HandlerFunc(i.serve), ReadHeaderTimeout: time.Minute}
	go func() { _ = i.server.Serve(listener) }() // ends with Close
	return i, nil
}

// Close stops publishing.
func (i *Issuer) Close() error { return i.server.Close() }

// JWKSURL is where the keys are published.
func (i *Issuer) JWKSURL() string { return i.url }

// Add makes a key and publishes it. The algorithm is RS256, ES256 or EdDSA; id
// may be empty.
func (i *Issuer) Add(algorithm, id string) (*Key, error) {
	key, err := NewKey(algorithm, id)
	if err == nil {
		i.Publish(key)
	}
	return key, err
}

// Publish adds keys to those published.
func (i *Issuer) Publish(keys ...*Key) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = append(i.keys, keys...)
}

// Remove stops publishing a key; tokens may still be minted with it.
func (i *Issuer) Remove(key *Key) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n, k := range i.keys {
		if k == key {
			i.keys = append(i.keys[:n:n], i.keys[n+1:]...)
			return
		}
	}
}

// Answer replaces what is published by a handler, or brings the keys back if it is nil.
func (i *Issuer) Answer(handler http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = handler
}

// Fetches counts the requests for the keys.
func (i *Issuer) Fetches() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetches
}

// JWKS is the document that publishes the given keys.
func JWKS(keys ...*Key) []byte {
	members := make([]json.RawMessage, len(keys))
	for n, k := range keys {
		members[n] = k.JWK()
	}
	raw, err := json.Marshal(map[string]any{"keys": members})
	if err != nil {
		panic(fmt.Errorf("cannot happen, keys are JSON: %w", err))
	}
	return raw
}

func (i *Issuer) serve(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.fetches++
	answer, document := i.answer, JWKS(i.keys...)
	i.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/jwk-set+json")
	_, _ = w.Write(document) // who asked sees that it is cut off
}

var errAlgorithm = errors.New("algorithm must be RS256, ES256 or EdDSA")
