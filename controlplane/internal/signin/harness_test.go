package signin_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/html"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/signin"
	"github.com/coditect/platform/controlplane/internal/signin/signintest"
	"github.com/coditect/platform/controlplane/internal/throttle"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	issuer   = "http://issuer.test"
	ada      = "ada@acme.example"
	password = "correct horse battery staple"
)

// world is the application between players of all that it talks to.
type world struct {
	t       *testing.T
	url     string
	server  *signintest.Server
	cells   *signintest.Cells
	tenants *signintest.Directory
	acme    controlplane.Tenant
	ada     *signintest.User
	clock   *clock
	decoys  atomic.Int32
	log     *strings.Builder
	signups map[string]controlplane.Tenant // by key
}

type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

func start(t *testing.T, change ...func(*signin.Options)) *world {
	t.Helper()
	w := &world{t: t, server: signintest.NewServer(issuer), cells: signintest.NewCells(), clock: &clock{}, log: &strings.Builder{}, signups: map[string]controlplane.Tenant{}}
	w.tenants = signintest.NewDirectory(w.cells)
	w.acme = w.tenants.Add("acme", "Acme")
	w.ada = w.cells.Add(w.acme.TenantID, ada, password)
	signups, err := throttle.New(throttle.Rate{PerMinute: 1, Burst: 4}, throttle.Rate{}, w.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(nil)
	w.url = "http://" + front.Listener.Addr().String()
	opts := signin.Options{
		URL: w.url, Issuer: issuer, Product: "Platform", Secret: []byte("of this test"),
		Flows: w.server, Logins: &signintest.Logins{}, Cells: w.cells, Index: w.tenants, Tenants: w.tenants, SignUp: w.signUp,
		Operator: w.operator, Decoy: func(context.Context, string) { w.decoys.Add(1) }, Signups: signups,
		Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, RefusalTime: time.Millisecond, Clock: w.clock.now,
		Log: slog.New(slog.NewTextHandler(&locked{w: w.log}, &slog.HandlerOptions{Level: slog.LevelDebug})), Registry: prometheus.NewRegistry(),
	}
	for _, c := range change {
		c(&opts)
	}
	if front.Config.Handler, err = signin.New(opts); err != nil {
		t.Fatal(err)
	}
	front.Start()
	t.Cleanup(front.Close)
	return w
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// signUp is the onboarding of this world.
func (w *world) signUp(_ context.Context, key string, r controlplane.SignupRequest) (controlplane.Tenant, error) {
	if t, ok := w.signups[key]; ok {
		return t, nil
	}
	if r.Slug == w.acme.Slug {
		return controlplane.Tenant{}, fault.New(fault.Conflict, "the slug is taken")
	}
	t := w.tenants.Add(r.Slug, r.Organization)
	w.signups[key] = t
	u := w.cells.Add(t.TenantID, r.Owner.Email, "")
	w.cells.Change(u, func(u *signintest.User) { u.Verified = false })
	return t, nil
}

// theOperator is the only one of this world.
var theOperator = controlplane.SubjectOfOperator(uuid.MustParse("0190c1f0-0000-7000-8000-000000000001"))

func (w *world) operator(_ context.Context, email, secret, code string) (string, error) {
	if email != "op@platform.example" || secret != password || code != "123456" {
		return "", fault.New(fault.Unauthenticated, "refused")
	}
	return theOperator, nil
}

// app is an application that asks who is there.
var app = controlplane.OAuthClient{ID: "console", Name: "Console", FirstParty: true}

// challenge begins a login of the application.
func (w *world) challenge(change ...func(*controlplane.LoginRequest)) string {
	r := controlplane.LoginRequest{Client: app, RequestedScopes: []string{"openid"}}
	for _, c := range change {
		c(&r)
	}
	return w.server.AskLogin(r)
}

// browser keeps cookies and sends forms, as people's do.
type browser struct {
	w      *world
	client *http.Client
	from   string // X-Forwarded-For; each browser has an address of its own
}

var browsers atomic.Int32

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	n := browsers.Add(1)
	return &browser{w: w, from: netip.AddrFrom4([4]byte{203, 0, byte(n >> 8), byte(n)}).String(), client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a page as it came.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
	to     string // where a redirect leads
}

func (b *browser) do(method, path string, values url.Values, header map[string]string) *answer {
	b.w.t.Helper()
	req, err := http.NewRequestWithContext(b.w.t.Context(), method, b.w.url+path, strings.NewReader(values.Encode()))
	if err != nil {
		b.w.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	req.Header.Set("X-Forwarded-For", b.from)
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/148.0")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return &answer{b.w.t, resp.StatusCode, resp.Header, string(body), resp.Header.Get("Location")}
}

func (b *browser) get(path string) *answer {
	b.w.t.Helper()
	return b.do(http.MethodGet, path, nil, nil)
}

// post sends a form with values name, value, name, value.
func (b *browser) post(path string, values ...string) *answer {
	b.w.t.Helper()
	form := url.Values{}
	for i := 0; i < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	return b.do(http.MethodPost, path, form, nil)
}

// want fails the test unless the page is as expected.
func (a *answer) want(status int, texts ...string) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			a.t.Fatalf("the page lacks %q:\n%s", text, a.body)
		}
	}
	return a
}

func (a *answer) wantRedirect(prefix string) *answer {
	a.t.Helper()
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.to, prefix) {
		a.t.Fatalf("%d to %q, want a redirect to %s: %s", a.status, a.to, prefix, a.body)
	}
	return a
}

// hidden returns the value of the page's first hidden input of a name.
func (a *answer) hidden(name string) string {
	a.t.Helper()
	for n := range a.nodes() {
		if n.Data == "input" && attribute(n, "name") == name && attribute(n, "type") == "hidden" {
			return attribute(n, "value")
		}
	}
	a.t.Fatalf("no hidden input %s on the page:\n%s", name, a.body)
	return ""
}

func (a *answer) token() string { a.t.Helper(); return a.hidden("token") }

// nodes are the page's elements.
func (a *answer) nodes() func(yield func(*html.Node) bool) {
	root, err := html.Parse(strings.NewReader(a.body))
	if err != nil {
		a.t.Fatal(err)
	}
	return func(yield func(*html.Node) bool) {
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && !yield(n) {
				return
			}
		}
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// logIn signs Ada in on the account page.
func (b *browser) logIn() *browser {
	b.w.t.Helper()
	b.logInWith(ada, password).wantRedirect("/account")
	return b
}

func (b *browser) logInWith(email, password string) *answer {
	b.w.t.Helper()
	return b.post("/login", "token", b.get("/login").want(200).token(), "email", email, "password", password)
}

// cookies returns what the browser holds for the application.
func (b *browser) cookies() map[string]string {
	at, err := url.Parse(b.w.url)
	if err != nil {
		b.w.t.Fatal(err)
	}
	held := map[string]string{}
	for _, c := range b.client.Jar.Cookies(at) {
		held[c.Name] = c.Value
	}
	return held
}

// plant puts a cookie into the browser.
func (b *browser) plant(name, value string) {
	at, err := url.Parse(b.w.url)
	if err != nil {
		b.w.t.Fatal(err)
	}
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

var errDown = errors.New("down")

func unavailable() error { return fault.Wrap(errDown, fault.Unavailable, "the cell did not answer") }
