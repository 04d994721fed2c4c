package authn_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/coditect/platform/shared/authn/authntest"
	"github.com/coditect/platform/shared/tenancy"
)

const benchTokens = 10_000

// mintMany signs with every core; one RS256 signature takes about a millisecond.
func mintMany(b *testing.B, key *authntest.Key) []string {
	b.Helper()
	tokens := make([]string, benchTokens)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for worker := range workers {
		wg.Go(func() {
			for n := worker; n < len(tokens); n += workers {
				var err error
				tokens[n], err = key.Mint(authntest.Token{
					Subject: fmt.Sprint("user-", n), ClientID: "web", ID: fmt.Sprint("jti-", n), Scope: "read write",
					Tenant: tenancy.NewID(), Roles: []string{"member"},
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return tokens
}

func BenchmarkVerifyCached(b *testing.B) {
	w := start(b)
	tokens := mintMany(b, w.rsa)
	for _, token := range tokens {
		accepted(b, w.Verifier, token)
	}
	cached, bytes, _ := w.Cached()
	ctx, n := context.Background(), 0
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Verify(ctx, tokens[n%len(tokens)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(bytes)/float64(cached), "bytes/token")
}

func BenchmarkVerifyCachedParallel(b *testing.B) {
	w := start(b)
	tokens := mintMany(b, w.rsa)
	for _, token := range tokens {
		accepted(b, w.Verifier, token)
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		ctx, n := context.Background(), 0
		for pb.Next() {
			if _, err := w.Verify(ctx, tokens[n%len(tokens)]); err != nil {
				b.Fatal(err)
			}
			n++
		}
	})
}

// What a token costs when it is not cached: an attacker's forged ones are refused
// after the same work.
func BenchmarkVerifyForged(b *testing.B) {
	w := start(b)
	for _, key := range []*authntest.Key{w.rsa, w.ec, w.ed} {
		forger := newKey(b, key.Algorithm, key.ID)
		token := mint(b, forger, authntest.Token{Tenant: tenancy.NewID()})
		b.Run(key.Algorithm, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.Verify(b.Context(), token); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}
