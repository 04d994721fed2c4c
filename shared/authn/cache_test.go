package authn_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/authn/authntest"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func TestCachedTokenExpires(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *authn.Options) { o.Skew = 20 * time.Second })
	token := mint(t, w.rsa, authntest.Token{Expires: began.Add(time.Minute)})
	first := accepted(t, w.Verifier, token)
	w.clock.advance(80*time.Second - 1)
	if accepted(t, w.Verifier, token) != first {
		t.Error("not cached until it expired")
	}
	w.clock.advance(1)
	refused(t, w.Verifier, token, "has expired")
	if tokens, bytes, _ := w.Cached(); tokens != 0 || bytes != 0 {
		t.Errorf("%d tokens, %d bytes are still cached", tokens, bytes)
	}
	refused(t, w.Verifier, token, "has expired")
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *authn.Options) { o.CacheTokens, o.CacheBytes = 640, authn.MinBytes })
	for n := range 1500 {
		accepted(t, w.Verifier, mint(t, w.ed, authntest.Token{Subject: fmt.Sprint(n)}))
	}
	if tokens, _, _ := w.Cached(); tokens > 640 || tokens < 500 {
		t.Errorf("%d tokens are cached, at most 640 may be", tokens)
	}
	tenants := map[tenancy.ID][]string{}
	for range 64 {
		tenants[tenancy.NewID()] = []string{"viewer"}
	}
	for n := range 300 {
		token := mint(t, w.ed, authntest.Token{Subject: fmt.Sprint(n), Tenants: tenants, Scope: strings.Repeat("s", 100)})
		accepted(t, w.Verifier, token)
		tokens, bytes, _ := w.Cached()
		if bytes > authn.MinBytes || bytes < tokens*len("token") {
			t.Fatalf("%d bytes for %d tokens; at most %d", bytes, tokens, authn.MinBytes)
		}
	}
	// Longer than a shard: served, not kept.
	huge := mint(t, w.ed, authntest.Token{Subject: "huge", Tenants: tenants, Scope: strings.Repeat("s", 2000)})
	if first := accepted(t, w.Verifier, huge); first == accepted(t, w.Verifier, huge) {
		t.Error("a token too large for its shard is cached")
	}
}

func TestExpiredTokensMakeRoom(t *testing.T) {
	t.Parallel()
	w := start(t)
	for n := range 1000 {
		accepted(t, w.Verifier, mint(t, w.ed, authntest.Token{Subject: fmt.Sprint(n), Expires: began.Add(time.Minute)}))
	}
	w.clock.advance(2 * time.Minute)
	for n := range 2000 {
		accepted(t, w.Verifier, mint(t, w.ed, authntest.Token{Subject: fmt.Sprint("later", n)}))
	}
	if tokens, _, _ := w.Cached(); tokens != 2000 {
		t.Errorf("%d tokens are cached, 2000 of them not expired", tokens)
	}
}

// A token is a view of a buffer that the connection uses again.
func TestTokenIsCopied(t *testing.T) {
	t.Parallel()
	w := start(t)
	token := mint(t, w.ed, authntest.Token{Subject: "copied"})
	buffer := []byte(token)
	first := accepted(t, w.Verifier, unsafe.String(&buffer[0], len(buffer)))
	clear(buffer)
	refused(t, w.Verifier, unsafe.String(&buffer[0], len(buffer)), "compact form")
	if accepted(t, w.Verifier, token) != first || first.Subject != "copied" {
		t.Error("what is cached shares the buffer")
	}
}

func TestCachingTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	w := start(t)
	token := mint(t, w.ed, authntest.Token{})
	accepted(t, w.Verifier, token)
	_, before, _ := w.Cached()
	w.CacheAgain(token)
	if tokens, bytes, _ := w.Cached(); tokens != 1 || bytes != before {
		t.Errorf("%d tokens, %d bytes; one took %d", tokens, bytes, before)
	}
}

// The hash only finds; the whole token decides.
func TestHashAloneIsNotTrusted(t *testing.T) {
	t.Parallel()
	w := start(t)
	valid := mint(t, w.ed, authntest.Token{})
	forged := mint(t, newKey(t, "EdDSA", "ed"), authntest.Token{})
	accepted(t, w.Verifier, valid)
	w.Collide(valid, forged)
	refused(t, w.Verifier, forged, "signature does not match")
}

func TestCachedPathAllocatesNothing(t *testing.T) {
	w := start(t)
	ctx, token := context.Background(), mint(t, w.rsa, authntest.Token{Tenant: tenancy.NewID()})
	tenant, _ := accepted(t, w.Verifier, token).Default()
	n := testing.AllocsPerRun(1000, func() {
		identity, err := w.Verify(ctx, token)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := identity.Grant(tenant.TenantID); !ok {
			t.Fatal("no grant")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// For the race detector: keys change while tokens are verified.
func TestVerifyWhileKeysRotate(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *authn.Options) { o.MaxAge = time.Millisecond })
	stays := mint(t, w.ed, authntest.Token{})
	comes := mint(t, w.ec, authntest.Token{})
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := w.Verify(t.Context(), stays); err != nil {
					t.Errorf("token of a key that stays: %v", err)
					return
				}
				_, _ = w.Verify(t.Context(), comes)
			}
		})
	}
	for range 8 {
		for _, change := range []func(){func() { w.issuer.Remove(w.ec) }, func() { w.issuer.Publish(w.ec) }} {
			change()
			waitForFetch(t, w)
		}
	}
	close(stop)
	wg.Wait()
	accepted(t, w.Verifier, comes)
}

// waitForFetch returns when a fetch began that sees what is published now, and ended.
func waitForFetch(t *testing.T, w *world) {
	t.Helper()
	seen := w.issuer.Fetches()
	testkit.Eventually(t, "a fetch that began later ended", func() bool { return w.issuer.Fetches() > seen+1 })
}
