package proxy_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/limiter"
	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/router/internal/proxy"
	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/authn/authntest"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

// rulesOf are rules from a document.
func rulesOf(t *testing.T, document string) func(*proxy.Options) {
	t.Helper()
	rules, err := policy.Parse(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return func(o *proxy.Options) { o.Rules = func() *policy.Rules { return rules } }
}

// closedRules ask for a credential everywhere.
const closedRules = `{"default_plan": "free", "plans": {"free": {}}, "routes": [{"prefix": "/", "class": "all"}, {"prefix": "/open", "class": "open", "public": true}]}`

// issuer publishes one key; mint makes tokens with it.
func issuer(t *testing.T) (use func(*proxy.Options), mint func(authntest.Token) string) {
	t.Helper()
	i, err := authntest.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.Close() })
	key, err := i.Add("ES256", "k1")
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := authn.New(authn.Options{Issuer: authntest.Name, Audience: authntest.Audience, JWKSURL: i.JWKSURL(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- tokens.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	testkit.Eventually(t, "the issuer's keys", func() bool { return tokens.Ready(context.Background()) == nil })
	return func(o *proxy.Options) { o.Tokens = tokens }, func(token authntest.Token) string {
		text, err := key.Mint(token)
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + text
	}
}

func TestAccessTokens(t *testing.T) {
	t.Parallel()
	use, mint := issuer(t)
	f := start(t, use, rulesOf(t, closedRules))
	globex := directory.Assignment{TenantID: tenancy.NewID(), Slug: "globex", Cell: "cell-b", State: directory.Active, Epoch: 1, Version: 12}
	f.put(globex)
	seen := make(chan http.Header, 1)
	for _, c := range f.cells {
		c.handle(func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header.Clone() })
	}
	acme := mint(authntest.Token{Subject: "ann", Tenant: f.acme.TenantID, Roles: []string{"admin"}, Scope: "read write"})
	both := mint(authntest.Token{Subject: "bob", Tenant: f.acme.TenantID, Roles: []string{"viewer"}, Tenants: map[tenancy.ID][]string{globex.TenantID: {"owner"}}})
	for name, c := range map[string]struct {
		host, token string
		headers     []string
		status      int
		tenant      tenancy.ID
		subject     string
		role        string
	}{
		"tenant's host":          {"acme.example.com", acme, nil, 200, f.acme.TenantID, "ann", "admin"},
		"API host, own tenant":   {"api.example.com", acme, nil, 200, f.acme.TenantID, "ann", "admin"},
		"API host, chosen":       {"api.example.com", both, []string{"X-Tenant-Id", globex.TenantID.String()}, 200, globex.TenantID, "bob", "owner"},
		"further tenant's host":  {"globex.example.com", both, nil, 200, globex.TenantID, "bob", "owner"},
		"not granted":            {"globex.example.com", acme, nil, 403, tenancy.ID{}, "", ""},
		"API host, not granted":  {"api.example.com", acme, []string{"X-Tenant-Id", globex.TenantID.String()}, 403, tenancy.ID{}, "", ""},
		"claim against the host": {"acme.example.com", both, []string{"X-Tenant-Id", globex.TenantID.String()}, 403, tenancy.ID{}, "", ""},
		"broken signature":       {"acme.example.com", acme[:len(acme)-3] + "AAA", nil, 401, tenancy.ID{}, "", ""},
		"no credential":          {"acme.example.com", "", nil, 401, tenancy.ID{}, "", ""},
		"another scheme":         {"acme.example.com", "Basic YTpi", nil, 401, tenancy.ID{}, "", ""},
		"expired":                {"acme.example.com", mint(authntest.Token{Tenant: f.acme.TenantID, Expires: time.Now().Add(-time.Hour)}), nil, 401, tenancy.ID{}, "", ""},
	} {
		headers := c.headers
		if c.token != "" {
			headers = append(headers, "Authorization", c.token)
		}
		resp, body := f.do(t, "GET", c.host, "/", "", headers...)
		if resp.StatusCode != c.status {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
			continue
		}
		if c.status != 200 {
			continue
		}
		h := <-seen
		principal, err := cellapi.ParsePrincipal(h.Get(cellapi.HeaderPrincipal))
		if err != nil || principal.Subject != c.subject || len(principal.Roles) != 1 || principal.Roles[0] != c.role {
			t.Errorf("%s: principal %+v, %v", name, principal, err)
		}
		if h.Get("Authorization") != "" || h.Get(cellapi.HeaderTenantID) != c.tenant.String() {
			t.Errorf("%s: the cell saw %v", name, h)
		}
	}
	if resp, _ := f.do(t, "GET", "acme.example.com", "/open/x", ""); resp.StatusCode != 200 {
		t.Errorf("public path: %d", resp.StatusCode)
	}
	if h := <-seen; h.Get(cellapi.HeaderPrincipal) != "" {
		t.Errorf("nobody has a principal: %v", h)
	}
	if resp, _ := f.do(t, "GET", "acme.example.com", "/open/%2e%2e/x", ""); resp.StatusCode != 401 {
		t.Errorf("path that reads two ways: %d", resp.StatusCode)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	l, err := limiter.New(limiter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := start(t, func(o *proxy.Options) { o.Limiter = l }, rulesOf(t, `{"default_plan": "free", "plans": {"free": {"limits": [
		{"class": "*", "per_second": 100, "burst": 100, "max_body_bytes": 100}, {"class": "slow", "per_second": 0.01, "burst": 2}]}},
		"routes": [{"prefix": "/", "class": "all", "public": true}, {"prefix": "/slow", "class": "slow", "public": true}]}`))
	for i := range 3 {
		resp, body := f.do(t, "GET", "acme.example.com", "/slow", "")
		limit := resp.Header.Get("Ratelimit")
		if i < 2 && (resp.StatusCode != 200 || !strings.Contains(limit, `"slow";r=`) || !strings.Contains(resp.Header.Get("Ratelimit-Policy"), `"tenant";q=100;w=1`)) {
			t.Errorf("%d: %d %v", i, resp.StatusCode, resp.Header)
		}
		if i == 2 && (resp.StatusCode != 429 || resp.Header.Get("Retry-After") == "" || !strings.Contains(body, "rate_limited")) {
			t.Errorf("%d: %d %v", i, resp.StatusCode, resp.Header)
		}
	}
	if resp, _ := f.do(t, "GET", "acme.example.com", "/other", ""); resp.StatusCode != 200 {
		t.Errorf("another class: %d", resp.StatusCode)
	}
	if resp, _ := f.do(t, "POST", "acme.example.com", "/", strings.Repeat("x", 101)); resp.StatusCode != 413 {
		t.Errorf("101 octets: %d", resp.StatusCode)
	}
	reader := io.MultiReader(strings.NewReader(strings.Repeat("x", 90)), strings.NewReader(strings.Repeat("x", 90)))
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+f.addr+"/", struct{ io.Reader }{reader})
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "acme.example.com"
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 413 {
		t.Errorf("180 octets in chunks: %d", resp.StatusCode)
	}
	a := f.acme
	a.Version, a.Edge = 30, &directory.EdgePolicy{Limits: []directory.Limit{{Class: "slow", PerSecond: 100, Burst: 100}}}
	f.cache.Put(a)
	if resp, _ := f.do(t, "GET", "acme.example.com", "/slow", ""); resp.StatusCode != 200 {
		t.Errorf("with a limit of its own: %d", resp.StatusCode)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	f := start(t, rulesOf(t, closedRules))
	a := f.acme
	a.Version, a.Edge = 30, &directory.EdgePolicy{CORS: &directory.CORS{AllowedOrigins: []string{"https://app.acme.org"}, AllowCredentials: true, ExposedHeaders: []string{"X-Total"}}}
	f.cache.Put(a)
	preflight := func(origin string) *http.Response {
		resp, _ := f.do(t, "OPTIONS", "acme.example.com", "/v1/x", "", "Origin", origin, "Access-Control-Request-Method", "PUT")
		return resp
	}
	resp := preflight("https://app.acme.org")
	if resp.StatusCode != 204 || resp.Header.Get("Access-Control-Allow-Origin") != "https://app.acme.org" || !strings.Contains(resp.Header.Get("Access-Control-Allow-Methods"), "PUT") ||
		resp.Header.Get("Access-Control-Allow-Credentials") != "true" || resp.Header.Get("Vary") != "Origin" || resp.Header.Get("Access-Control-Max-Age") != "600" {
		t.Errorf("preflight: %d %v", resp.StatusCode, resp.Header)
	}
	if resp := preflight("https://evil.org"); resp.StatusCode != 403 || resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("foreign preflight: %d %v", resp.StatusCode, resp.Header)
	}
	resp, _ = f.do(t, "GET", "acme.example.com", "/", "", "Origin", "https://app.acme.org", "Authorization", f.key())
	if resp.StatusCode != 200 || resp.Header.Get("Access-Control-Allow-Origin") == "" || resp.Header.Get("Access-Control-Expose-Headers") != "X-Total" {
		t.Errorf("answer: %d %v", resp.StatusCode, resp.Header)
	}
	resp, _ = f.do(t, "GET", "acme.example.com", "/", "", "Origin", "https://app.acme.org")
	if resp.StatusCode != 401 || resp.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("a page must be able to read why: %d %v", resp.StatusCode, resp.Header)
	}
}

func TestVersionsAndHeaderRules(t *testing.T) {
	t.Parallel()
	f := start(t, rulesOf(t, `{"default_plan": "free", "plans": {"free": {}}, "routes": [{"prefix": "/", "class": "all", "public": true}],
		"versions": [{"prefix": "/v1", "deprecated": "2020-01-01T00:00:00Z", "sunset": "2999-01-01T00:00:00Z", "link": "https://docs.example.org/v2"},
			{"prefix": "/v0", "sunset": "2020-01-01T00:00:00Z"}, {"prefix": "/v2"}],
		"request_headers": {"remove": ["X-Debug"], "set": [{"name": "X-Platform", "value": "edge"}]},
		"response_headers": {"remove": ["X-Powered-By"], "set": [{"name": "X-Content-Type-Options", "value": "nosniff"}]}}`))
	seen := make(chan http.Header, 1)
	f.cells["cell-a"].handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Powered-By", "cell")
		w.Header().Set("X-Content-Type-Options", "other")
		seen <- r.Header.Clone()
	})
	a := f.acme
	a.Version, a.Edge = 30, &directory.EdgePolicy{RequestHeaders: &directory.HeaderRules{Set: []directory.Header{{Name: "X-Acme", Value: "1"}}}, ResponseHeaders: &directory.HeaderRules{Set: []directory.Header{{Name: "X-Frame-Options", Value: "DENY"}}}}
	f.cache.Put(a)
	resp, _ := f.do(t, "GET", "acme.example.com", "/v1/x", "", "X-Debug", "1", "X-Platform", "forged", "x-acme", "forged")
	h := <-seen
	if h.Get("X-Debug") != "" || strings.Join(h.Values("X-Platform"), "|") != "edge" || strings.Join(h.Values("X-Acme"), "|") != "1" {
		t.Errorf("the cell saw %v", h)
	}
	if resp.Header.Get("X-Powered-By") != "" || strings.Join(resp.Header.Values("X-Content-Type-Options"), "|") != "nosniff" || resp.Header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("the client saw %v", resp.Header)
	}
	if resp.Header.Get("Deprecation") != "@1577836800" || resp.Header.Get("Sunset") != "Tue, 01 Jan 2999 00:00:00 GMT" || !strings.Contains(resp.Header.Get("Link"), "docs.example.org") {
		t.Errorf("deprecated version: %v", resp.Header)
	}
	for path, want := range map[string]int{"/v0/x": 410, "/v9/x": 404, "/v2/x": 200, "/vx/y": 200, "/v10": 200} {
		resp, _ := f.do(t, "GET", "acme.example.com", path, "")
		if resp.StatusCode == 200 {
			<-seen
		}
		if resp.StatusCode != want {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}
