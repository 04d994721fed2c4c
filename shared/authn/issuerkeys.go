package authn

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxWait    = 2 * time.Second // of one request for a fetch
	maxWaiting = 256             // requests that wait at once; more are told to come back
)

// issuerKeys is the current key set and the demand for a newer one. Requests
// ask, [Verifier.Run] fetches; a channel between them says when a fetch ended.
type issuerKeys struct {
	opts    *Options
	metrics *metrics
	current atomic.Pointer[keySet] // nil: none was ever loaded; else the last good one
	digest  [32]byte               // of the document that current was read from; only Run uses it
	waiting atomic.Int64
	wake    chan struct{} // capacity 1: somebody asks for a fetch

	mu      sync.Mutex
	running bool          // somebody fetches at all
	last    time.Time     // when the newest fetch was asked for or begun
	pending chan struct{} // closed when the fetch asked for or under way ends; nil: none
}

func newIssuerKeys(opts *Options, m *metrics) *issuerKeys {
	return &issuerKeys{opts: opts, metrics: m, wake: make(chan struct{}, 1)}
}

// find returns the key that a header means, after a fetch if that may help and
// is allowed now.
func (k *issuerKeys) find(ctx context.Context, h header, now time.Time) (*publicKey, error) {
	set := k.current.Load()
	if set == nil {
		return nil, errNoKeys
	}
	if set.knows(h) {
		return set.find(h)
	}
	fetched := k.ask(now)
	if fetched == nil {
		return nil, errUnknown
	}
	if err := k.wait(ctx, fetched); err != nil {
		return nil, err
	}
	return k.current.Load().find(h)
}

// ask returns a channel that is closed when a fetch ends: the one under way, or
// one that begins now. It is nil if the last one was too short a time ago.
func (k *issuerKeys) ask(now time.Time) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case !k.running:
		return nil
	case k.pending != nil:
		return k.pending
	case now.Sub(k.last) < k.opts.MinRefetch:
		return nil
	}
	k.last, k.pending = now, make(chan struct{})
	select {
	case k.wake <- struct{}{}:
	default: // left from a Run that ended; its successor fetches anyway
	}
	return k.pending
}

// begin notes that a fetch begins, whoever wanted it.
func (k *issuerKeys) begin(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = now
	if k.pending == nil {
		k.pending = make(chan struct{})
	}
	select {
	case <-k.wake: // served by this fetch
	default:
	}
}

// end tells those who wait.
func (k *issuerKeys) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pending != nil {
		close(k.pending)
		k.pending = nil
	}
}

func (k *issuerKeys) setRunning(running bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running = running
}

func (k *issuerKeys) wait(ctx context.Context, fetched <-chan struct{}) error {
	defer k.waiting.Add(-1)
	if k.waiting.Add(1) > maxWaiting {
		return errFetching
	}
	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	select {
	case <-fetched:
		return nil
	case <-timer.C:
		return errFetching
	case <-ctx.Done():
		return errFetching
	}
}
