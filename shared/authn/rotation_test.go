package authn_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/authn/authntest"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

func TestNewKeyIsUsedAtOnceAfterOneFetch(t *testing.T) {
	t.Parallel()
	w := start(t)
	token := mint(t, add(t, w.issuer, "ES256", "new"), authntest.Token{})
	w.clock.advance(10 * time.Second)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if _, err := w.Verify(t.Context(), token); err != nil {
				t.Errorf("token of a new key: %v", err)
			}
		})
	}
	wg.Wait()
	if n := w.issuer.Fetches(); n != 2 {
		t.Errorf("%d fetches, want the first and one more", n)
	}
}

func TestUnknownKeysDoNotCauseStorms(t *testing.T) {
	t.Parallel()
	w := start(t)
	good := mint(t, w.ed, authntest.Token{})
	accepted(t, w.Verifier, good)
	stranger := newKey(t, "EdDSA", "x")
	storm := func() {
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				for i := range 50 {
					token := mint(t, stranger, authntest.Token{Header: map[string]any{"kid": fmt.Sprintf("unknown-%d-%d", n, i)}})
					refused(t, w.Verifier, token, "does not publish")
				}
			})
		}
		wg.Wait()
	}
	for round := range 3 {
		storm()
		if n := w.issuer.Fetches(); n != 1+round {
			t.Errorf("round %d: %d fetches", round, n)
		}
		w.clock.advance(9 * time.Second)
		storm()
		if n := w.issuer.Fetches(); n != 1+round {
			t.Errorf("round %d, 9 s later: %d fetches", round, n)
		}
		w.clock.advance(time.Second)
		storm()
		if n := w.issuer.Fetches(); n != 2+round {
			t.Errorf("round %d, 10 s later: %d fetches", round, n)
		}
	}
	tokens, _, hits := w.Cached()
	accepted(t, w.Verifier, good)
	if _, _, now := w.Cached(); tokens != 1 || now != hits+1 {
		t.Errorf("the storm evicted a good token: %d cached", tokens)
	}
}

func TestOtherRefusalsDoNotFetch(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.clock.advance(time.Minute)
	for _, header := range []map[string]any{{"kid": "rsa"}, {"kid": nil}, {"alg": "none", "kid": "x"}, {"jku": "https://evil.test", "kid": "x"}} {
		refused(t, w.Verifier, mint(t, w.ed, authntest.Token{Header: header}), "")
	}
	forged := mint(t, newKey(t, "EdDSA", "ed"), authntest.Token{})
	refused(t, w.Verifier, forged, "signature does not match")
	if n := w.issuer.Fetches(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

func TestLastGoodKeysStay(t *testing.T) {
	t.Parallel()
	w := start(t)
	cached := mint(t, w.ed, authntest.Token{})
	accepted(t, w.Verifier, cached)
	elsewhere := newIssuer(t)
	add(t, elsewhere, "EdDSA", "elsewhere")
	for name, answer := range map[string]http.HandlerFunc{
		"error": func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusInternalServerError) },
		"error with set": func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(http.StatusNotFound)
			write(rw, authntest.JWKS())
		},
		"created": func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(http.StatusCreated)
			write(rw, authntest.JWKS())
		},
		"redirect": func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, elsewhere.JWKSURL(), http.StatusFound)
		},
		"empty": func(http.ResponseWriter, *http.Request) {},
		"page":  func(rw http.ResponseWriter, _ *http.Request) { write(rw, []byte("<html>")) },
		"cut off": func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Length", "1000")
			write(rw, []byte(`{"keys":[]}`))
		},
		"too long": func(rw http.ResponseWriter, _ *http.Request) {
			write(rw, []byte(`{"keys":[]}`+strings.Repeat(" ", 1<<20)))
		},
		"hangs up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		w.issuer.Answer(answer)
		w.refetch(t)
		accepted(t, w.Verifier, cached)
		if _, err := w.Verify(t.Context(), mint(t, w.rsa, authntest.Token{Subject: name})); err != nil {
			t.Errorf("%s: a known key is lost: %v", name, err)
		}
	}
	if n := elsewhere.Fetches(); n != 0 {
		t.Errorf("a redirect was followed")
	}
	w.issuer.Close()
	w.clock.advance(30 * time.Minute)
	stranger := mint(t, newKey(t, "ES256", "new"), authntest.Token{})
	refused(t, w.Verifier, stranger, "does not publish")
	accepted(t, w.Verifier, mint(t, w.ec, authntest.Token{Subject: "later"}))
	if err := w.Ready(t.Context()); err != nil {
		t.Errorf("not ready: %v", err)
	}
}

func write(w http.ResponseWriter, raw []byte) { _, _ = w.Write(raw) }

func TestTokensOfARetiredKeyAreRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	gone, kept := mint(t, w.rsa, authntest.Token{}), mint(t, w.ed, authntest.Token{})
	accepted(t, w.Verifier, gone)
	before := accepted(t, w.Verifier, kept)
	add(t, w.issuer, "ES256", "more")
	w.refetch(t) // the same keys in another set
	w.issuer.Remove(w.rsa)
	accepted(t, w.Verifier, gone) // nobody knows yet
	w.refetch(t)
	refused(t, w.Verifier, gone, "does not publish")
	if accepted(t, w.Verifier, kept) != before {
		t.Error("a token of a key that stayed was verified anew")
	}

	w.issuer.Publish(w.rsa)
	w.refetch(t)
	accepted(t, w.Verifier, gone)
	w.issuer.Publish(newKey(t, "EdDSA", "rsa")) // now two keys have its name
	w.refetch(t)
	refused(t, w.Verifier, gone, "does not publish")
	accepted(t, w.Verifier, kept)
}

func TestKeyReplacedUnderItsName(t *testing.T) {
	t.Parallel()
	w := start(t)
	old := mint(t, w.ed, authntest.Token{})
	accepted(t, w.Verifier, old)
	w.issuer.Remove(w.ed)
	successor := add(t, w.issuer, "EdDSA", "ed")
	w.refetch(t)
	refused(t, w.Verifier, old, "signature does not match")
	accepted(t, w.Verifier, mint(t, successor, authntest.Token{}))
}

func TestUnnamedKeyIsReplaced(t *testing.T) {
	t.Parallel()
	w := start(t)
	unnamed, other := add(t, w.issuer, "EdDSA", ""), add(t, w.issuer, "ES256", "")
	w.refetch(t)
	token, stays := mint(t, unnamed, authntest.Token{}), mint(t, other, authntest.Token{})
	accepted(t, w.Verifier, token)
	before := accepted(t, w.Verifier, stays)
	w.issuer.Remove(unnamed)
	w.refetch(t)
	refused(t, w.Verifier, token, "does not name its key")
	if accepted(t, w.Verifier, stays) != before {
		t.Error("a token of a key that stayed was verified anew")
	}
}

func TestIssuerTakesAllKeysBack(t *testing.T) {
	t.Parallel()
	w := start(t)
	token := mint(t, w.ed, authntest.Token{})
	accepted(t, w.Verifier, token)
	w.issuer.Answer(func(rw http.ResponseWriter, _ *http.Request) { write(rw, authntest.JWKS()) })
	w.refetch(t)
	refused(t, w.Verifier, token, "does not publish")
}

func TestStartWithoutTheIssuer(t *testing.T) {
	t.Parallel()
	issuer := newIssuer(t)
	var mode atomic.Int32
	issuer.Answer(func(rw http.ResponseWriter, _ *http.Request) {
		if mode.Load() == 0 {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		write(rw, authntest.JWKS()) // no key yet
	})
	token := mint(t, add(t, issuer, "EdDSA", "k"), authntest.Token{})
	v, _ := run(t, issuer, func(o *authn.Options) { o.MinRefetch = 20 * time.Millisecond })
	for next := range 2 {
		at := issuer.Fetches() + 1
		testkit.Eventually(t, "fetches", func() bool { return issuer.Fetches() > at })
		_, err := v.Verify(t.Context(), token)
		var f *fault.Error
		if ready := v.Ready(t.Context()); fault.CodeOf(err) != fault.Unavailable || ready == nil || !asFault(err, &f) || f.RetryAfter <= 0 {
			t.Errorf("mode %d: %v, ready: %v", next, err, ready)
		}
		mode.Add(1)
	}
	if _, err := v.Verify(t.Context(), "nonsense"); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("nonsense: %v", err)
	}
	issuer.Answer(nil)
	testkit.EventuallyOK(t, "keys are loaded", func() error { return v.Ready(t.Context()) })
	accepted(t, v, token)
}

func TestKeysAreRefreshedPeriodically(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *authn.Options) { o.MaxAge = 10 * time.Millisecond })
	token := mint(t, w.ed, authntest.Token{})
	accepted(t, w.Verifier, token)
	w.issuer.Remove(w.ed)
	testkit.Eventually(t, "the key is retired", func() bool {
		_, err := w.Verify(t.Context(), token)
		return fault.CodeOf(err) == fault.Unauthenticated
	})
}

func TestWaitingForAFetchEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	w := start(t)
	release, began := make(chan struct{}), make(chan struct{})
	w.issuer.Answer(func(http.ResponseWriter, *http.Request) { close(began); <-release })
	defer close(release)
	w.clock.advance(time.Minute)
	token := mint(t, newKey(t, "EdDSA", "new"), authntest.Token{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-began; cancel() }()
	if _, err := w.Verify(ctx, token); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("%v", err)
	}
	accepted(t, w.Verifier, mint(t, w.ed, authntest.Token{})) // others are not held up
}
