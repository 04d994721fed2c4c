package authn_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/authn/authntest"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

// clock stands still unless it is moved.
type clock struct{ offset atomic.Int64 }

var began = time.Now().Truncate(time.Second)

func (c *clock) now() time.Time           { return began.Add(time.Duration(c.offset.Load())) }
func (c *clock) advance(by time.Duration) { c.offset.Add(int64(by)) }

// world is an issuer with one key of each algorithm, and a verifier.
type world struct {
	*authn.Verifier
	clock       *clock
	issuer      *authntest.Issuer
	rsa, ec, ed *authntest.Key
}

func newIssuer(t testing.TB) *authntest.Issuer {
	t.Helper()
	issuer, err := authntest.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { issuer.Close() })
	return issuer
}

func add(t testing.TB, issuer *authntest.Issuer, algorithm, id string) *authntest.Key {
	t.Helper()
	key, err := issuer.Add(algorithm, id)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newKey(t testing.TB, algorithm, id string) *authntest.Key {
	t.Helper()
	key, err := authntest.NewKey(algorithm, id)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// start runs a verifier of an issuer and waits until it is ready.
func start(t testing.TB, change ...func(*authn.Options)) *world {
	t.Helper()
	issuer := newIssuer(t)
	w := &world{issuer: issuer, rsa: add(t, issuer, "RS256", "rsa"), ec: add(t, issuer, "ES256", "ec"), ed: add(t, issuer, "EdDSA", "ed")}
	w.Verifier, w.clock = run(t, issuer, change...)
	testkit.EventuallyOK(t, "keys are loaded", func() error { return w.Ready(t.Context()) })
	return w
}

// run runs a verifier until the test ends.
func run(t testing.TB, issuer *authntest.Issuer, change ...func(*authn.Options)) (*authn.Verifier, *clock) {
	t.Helper()
	c := &clock{}
	opts := authn.Options{Issuer: authntest.Name, Audience: authntest.Audience, JWKSURL: issuer.JWKSURL(), Now: c.now}
	for _, f := range change {
		f(&opts)
	}
	v, err := authn.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- v.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return v, c
}

func mint(t testing.TB, key *authntest.Key, token authntest.Token) string {
	t.Helper()
	text, err := key.Mint(token)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// refetch makes the verifier fetch the keys, by a token of a key that nobody knows.
func (w *world) refetch(t testing.TB) {
	t.Helper()
	w.clock.advance(time.Minute)
	before := w.issuer.Fetches()
	stranger := mint(t, newKey(t, "EdDSA", "stranger"), authntest.Token{})
	if _, err := w.Verify(t.Context(), stranger); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("token of an unknown key: %v", err)
	}
	if n := w.issuer.Fetches() - before; n != 1 {
		t.Fatalf("%d fetches, want 1", n)
	}
}

func accepted(t testing.TB, v *authn.Verifier, token string) *authn.Identity {
	t.Helper()
	identity, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return identity
}

// refused checks that a token is refused with a message that contains want.
func refused(t testing.TB, v *authn.Verifier, token, want string) {
	t.Helper()
	identity, err := v.Verify(t.Context(), token)
	var f *fault.Error
	if !errors.As(err, &f) || identity != nil {
		t.Errorf("want a refusal about %q, got %v, %v", want, identity, err)
		return
	}
	if f.Code != fault.Unauthenticated || !strings.Contains(f.Message, want) {
		t.Errorf("want a refusal about %q, got %v", want, f)
	}
}
