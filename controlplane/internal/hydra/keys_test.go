package hydra_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/hydra"
	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

// The rehearsal: while the keys change, tokens are made, and each is verified as
// soon as it is there and again and again later, by the router's verifier. None
// is refused. The verifier may not help itself by fetching a key that it does
// not know: it has looked a moment before.
func TestNobodyNoticesThatKeysChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(testkit.Context(t))
	defer cancel()
	const look = 200 * time.Millisecond
	keys := watchKeys(t, w.server.JWKSURL())
	verifier, err := authn.New(authn.Options{
		Issuer: w.server.Issuer, Audience: controlplane.OperatorAudience, JWKSURL: keys.url, MaxAge: look, MinRefetch: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	group, ctx := errgroup.WithContext(ctx) // a load that fails ends the test
	group.Go(func() error { return verifier.Run(ctx) })
	testkit.EventuallyOK(t, "the keys are known", func() error { return verifier.Ready(ctx) })

	robot := clientcredentials.Config{
		ClientID: "robot", ClientSecret: "robot-secret", TokenURL: w.server.PublicURL() + "/oauth2/token", Scopes: []string{controlplane.OperatorScope},
		EndpointParams: url.Values{"audience": {controlplane.OperatorAudience}}, AuthStyle: oauth2.AuthStyleInHeader,
	}
	load := &load{verifier: verifier, robot: robot, kids: map[string]int{}}
	group.Go(func() error { return load.run(ctx) })

	var phases atomic.Int64
	rotation := hydra.Rotation{
		// In place of the minutes of routers: several looks, however long they take.
		Announce: 5 * look, Retire: 5 * look,
		Wait: func(ctx context.Context, d time.Duration) error {
			looks := keys.looks.Load() + 2 // one may be under way
			err := load.whileVerified(ctx, d, func() bool { return keys.looks.Load() >= looks })
			if phases.Add(1) > 1 { // those of the old key have ended
				load.dropOld()
			}
			return err
		},
	}
	before := w.kids(t)
	err = w.RotateKeys(ctx, rotation)
	if err == nil {
		err = load.whileVerified(ctx, 2*look, func() bool { return true })
	}
	cancel()
	if failed := group.Wait(); failed != nil || err != nil {
		t.Fatalf("rotation: %v, load: %v", err, failed)
	}
	if len(load.kids) != 2 {
		t.Errorf("tokens were signed with %v", load.kids)
	}
	for kid := range w.kids(t) {
		if before[kid] {
			t.Errorf("the key %s is still there", kid)
		}
	}
	t.Logf("%d tokens, %d verifications, by key: %v", load.made, load.verified.Load(), load.kids)
}

// load makes tokens and verifies them.
type load struct {
	verifier *authn.Verifier
	robot    clientcredentials.Config
	verified atomic.Int64

	mu     sync.Mutex
	tokens []string
	kids   map[string]int
	made   int
}

func (l *load) run(ctx context.Context) error {
	pace := time.NewTicker(5 * time.Millisecond) // for those who share the machine
	defer pace.Stop()
	for ctx.Err() == nil {
		<-pace.C
		token, err := l.robot.Token(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := l.keep(ctx, token.AccessToken); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// keep takes one more token and verifies all. No token is dropped meanwhile:
// then its key might be gone.
func (l *load) keep(ctx context.Context, token string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made++
	l.kids[kid(token)]++
	l.tokens = append(l.tokens, token)
	for _, token := range l.tokens {
		if _, err := l.verifier.Verify(ctx, token); err != nil {
			return err
		}
		l.verified.Add(1)
	}
	return nil
}

// dropOld forgets the tokens that were made so far, as if they had ended.
func (l *load) dropOld() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens = nil
}

// whileVerified returns after d, and not before some more tokens were verified and
// met is true.
func (l *load) whileVerified(ctx context.Context, d time.Duration, met func() bool) error {
	const some = 20
	until, target := time.Now().Add(d), l.verified.Load()+some
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for time.Now().Before(until) || l.verified.Load() < target || !met() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

// watchedKeys hands the authorization server's keys on and counts how often.
type watchedKeys struct {
	url   string
	looks atomic.Int64
}

func watchKeys(t *testing.T, jwks string) *watchedKeys {
	t.Helper()
	target, err := url.Parse(jwks)
	if err != nil {
		t.Fatal(err)
	}
	w := &watchedKeys{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL = target }}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		proxy.ServeHTTP(rw, r)
		w.looks.Add(1)
	}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func kid(token string) string {
	header, err := decode(strings.Split(token, ".")[0])
	if err != nil {
		return err.Error()
	}
	_, rest, _ := strings.Cut(string(header), `"kid":"`)
	name, _, _ := strings.Cut(rest, `"`)
	return name
}

// kids are the names of the published keys.
func (w *world) kids(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	var document struct {
		Keys []struct{ KID string }
	}
	getJSON(t, w.server.JWKSURL(), &document)
	for _, key := range document.Keys {
		names[key.KID] = true
	}
	return names
}

func TestARotationThatIsInterruptedHarmsNothing(t *testing.T) {
	t.Parallel()
	away := newAway(t)
	if err := away.RotateKeys(t.Context(), hydra.Rotation{}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a server that is away: %v", err)
	}
}
