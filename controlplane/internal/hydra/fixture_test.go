package hydra_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"golang.org/x/oauth2"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/hydra"
	"github.com/coditect/platform/controlplane/internal/hydra/hydratest"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, func() {
		hookServer().Close()
		listeners().Close()
		if page := pages.Load(); page != nil {
			page.close()
		}
	})
}

const (
	hookKey     = "the key that only Hydra shows"
	apiAudience = "the-api"
	back        = "http://127.0.0.1:7777/callback" // nobody is there: the test looks where the browser is sent
)

// files describe the clients of the tests.
var files = fstest.MapFS{
	"console.yaml": {Data: []byte(`
name: Console
first_party: true
grants: [authorization_code, refresh_token]
scopes: [openid, offline_access]
audience: [the-api]
redirect_uris: ["http://127.0.0.1/callback"]
post_logout_redirect_uris: ["http://127.0.0.1/signed-out"]
`)},
	"guest.yaml": {Data: []byte(`
name: Somebody else's
tenant: acme
grants: [authorization_code, refresh_token]
scopes: [openid, offline_access, "projects:read"]
audience: [the-api]
secret_env: GUEST_SECRET
redirect_uris: ["http://127.0.0.1/callback"]
logo_uri: ${LOGO_URL}/guest.png
`)},
	"tools.yaml": {Data: []byte(`
name: Tools
first_party: true
operators: true
grants: [authorization_code, refresh_token]
scopes: [openid, offline_access, operate]
audience: [platform-operators]
redirect_uris: ["http://127.0.0.1/callback"]
`)},
	"partner.yaml": {Data: []byte(`
name: Partner & Sons
grants: [authorization_code, refresh_token]
scopes: [openid, offline_access, "projects:read", "projects:write"]
audience: [the-api]
secret_env: GUEST_SECRET
redirect_uris: ["http://127.0.0.1/callback"]
post_logout_redirect_uris: ["http://127.0.0.1/signed-out"]
backchannel_logout_uri: ${LISTENERS_URL}/partner
`)},
	"portal.yaml": {Data: []byte(`
name: Portal
first_party: true
grants: [authorization_code, refresh_token]
scopes: [openid, offline_access]
audience: [the-api]
redirect_uris: ["http://127.0.0.1/callback"]
backchannel_logout_uri: ${LISTENERS_URL}/portal
`)},
	"robot.yaml": {Data: []byte(`
name: Robot
grants: [client_credentials]
scopes: [operate]
audience: [the-api, platform-operators]
secret_env: ROBOT_SECRET
machine: {tenant_id: "` + robotTenant + `", roles: [viewer], operator_role: billing}
`)},
}

const robotTenant = "01a2082d-84e7-765b-961c-bea6dc90e917"

var variables = map[string]string{"GUEST_SECRET": "guest-secret", "ROBOT_SECRET": "robot-secret", "LOGO_URL": "https://logo.example"}

func lookup(name string) (string, bool) {
	if name == "LISTENERS_URL" {
		return listeners().URL, true
	}
	value, ok := variables[name]
	return value, ok
}

// claimant answers the hook as the tests want it, by subject.
type claimant struct {
	mu    sync.Mutex
	of    map[string]func(controlplane.TokenRequest) (map[string]any, error)
	asked map[string][]controlplane.TokenRequest
}

func (c *claimant) Claims(_ context.Context, r controlplane.TokenRequest) (map[string]any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[r.Subject] = append(c.asked[r.Subject], r)
	if answer := c.of[r.Subject]; answer != nil {
		return answer(r)
	}
	return nil, nil
}

// say sets what the hook answers for a subject from now on.
func (c *claimant) say(subject string, claims map[string]any, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[subject] = func(controlplane.TokenRequest) (map[string]any, error) { return claims, err }
}

func (c *claimant) requests(subject string) []controlplane.TokenRequest {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[subject]
}

// world is one Hydra with its hook and the clients of the files, for all tests.
type world struct {
	*hydra.Client
	server servers.Hydra
	claims *claimant
}

var claims = &claimant{of: map[string]func(controlplane.TokenRequest) (map[string]any, error){}, asked: map[string][]controlplane.TokenRequest{}}

// hookServer serves the hook as the control plane does, for as long as the test
// program runs.
var hookServer = sync.OnceValue(func() *httptest.Server {
	hook := hydra.NewHook(hookKey, claims)
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := hook.Answer(r)
		if err != nil {
			fault.WriteProblem(w, err, "")
			return
		}
		_ = json.NewEncoder(w).Encode(out)
	}))
})

var described sync.Once

func newWorld(t *testing.T) *world {
	t.Helper()
	hook := servers.TokenHook{URL: hookServer().URL + controlplane.TokenHookPath, Header: controlplane.TokenHookHeader, Key: hookKey}
	w := &world{server: testkit.Hydra(t, hook, controlplane.AccessTokenClaims...), claims: claims}
	w.Client = hydra.New(w.server.AdminURL())
	t.Cleanup(w.Close)
	described.Do(func() {
		if _, err := w.SyncClients(t.Context(), w.set(t)); err != nil {
			t.Fatal(err)
		}
	})
	return w
}

func (w *world) set(t *testing.T) hydra.ClientSet {
	t.Helper()
	set, err := hydra.ReadClients(files, lookup)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// app is an application that has people signed in.
func (w *world) app(id, secret string, scopes ...string) *oauth2.Config {
	style := oauth2.AuthStyleInParams
	if secret != "" {
		style = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{
		ClientID: id, ClientSecret: secret, Scopes: append([]string{"openid", "offline_access"}, scopes...), RedirectURL: back,
		Endpoint: oauth2.Endpoint{AuthURL: w.server.PublicURL() + "/oauth2/auth", TokenURL: w.server.PublicURL() + "/oauth2/token", AuthStyle: style},
	}
}

// browser is a browser whose failures are the test's.
type browser struct {
	t *testing.T
	*hydratest.Browser
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	return &browser{t, hydratest.NewBrowser()}
}

func (b *browser) open(page string) *url.URL {
	b.t.Helper()
	to, err := b.Open(b.t.Context(), page)
	if err != nil {
		b.t.Fatal(err)
	}
	return to
}

func newUser() hydratest.Person {
	id := uuid.Must(uuid.NewV7())
	return hydratest.Person{Subject: controlplane.SubjectOfUser(id), Context: controlplane.LoginContext{TenantID: tenancy.NewID(), UserID: id}}
}

// begin is where an application sends the browser first.
func begin(app *oauth2.Config, audience, verifier string, more ...oauth2.AuthCodeOption) string {
	return app.AuthCodeURL("state-of-the-application", append(more, oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("audience", audience))...)
}

// signIn signs a person in and returns the tokens that the application gets.
func (w *world) signIn(t *testing.T, b *browser, app *oauth2.Config, audience string, p hydratest.Person) *oauth2.Token {
	t.Helper()
	verifier := oauth2.GenerateVerifier()
	at, err := hydratest.SignIn(t.Context(), w.Client, b.Browser, begin(app, audience, verifier), p, func(c controlplane.ConsentRequest) {
		if c.Subject != p.Subject || c.Context != p.Context || c.Client.ID != app.ClientID {
			t.Errorf("consent: %+v", c)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(at.String(), back) || at.Query().Get("state") != "state-of-the-application" {
		t.Fatalf("the browser is sent to %s", at)
	}
	token, err := app.Exchange(t.Context(), at.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// refresh gets new tokens for a refresh token.
func refresh(ctx context.Context, app *oauth2.Config, token string) (*oauth2.Token, error) {
	return app.TokenSource(ctx, &oauth2.Token{RefreshToken: token}).Token()
}

// payload is a token's, unverified.
func payload(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a JWT: %q", token)
	}
	raw, err := decode(parts[1])
	out := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wantClaims compares claims, each by how it prints.
func wantClaims(t *testing.T, token string, want map[string]any) {
	t.Helper()
	got := payload(t, token)
	for name, value := range want {
		if fmt.Sprint(got[name]) != fmt.Sprint(value) {
			t.Errorf("claim %s: %v, want %v", name, got[name], value)
		}
	}
}

func decode(part string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(part) }
