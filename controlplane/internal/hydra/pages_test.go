package hydra_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/oauth2"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/hydra"
	"github.com/coditect/platform/controlplane/internal/signin"
	"github.com/coditect/platform/controlplane/internal/signin/signintest"
	"github.com/coditect/platform/controlplane/internal/throttle"
)

// lobby is the login application where Hydra sends browsers, with players of the
// cells behind it; one for all tests.
type lobby struct {
	*world
	front *httptest.Server
	cells *signintest.Cells
	acme  controlplane.Tenant
	close func()
}

var (
	pages   atomic.Pointer[lobby]
	opening sync.Mutex
)

const password = "correct horse battery staple"

func newLobby(t *testing.T) *lobby {
	t.Helper()
	w := newWorld(t)
	opening.Lock()
	defer opening.Unlock()
	if l := pages.Load(); l != nil {
		return &lobby{w, l.front, l.cells, l.acme, nil}
	}
	flows := hydra.New(w.server.AdminURL()) // the test's own is closed with it
	l := &lobby{world: w, cells: signintest.NewCells()}
	tenants := signintest.NewDirectory(l.cells)
	l.acme = tenants.Add("acme", "Acme")
	signups, err := throttle.New(throttle.Rate{}, throttle.Rate{}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := signin.New(signin.Options{
		URL: w.server.Pages, Issuer: w.server.Issuer, Product: "Platform", Secret: []byte("of these tests"),
		Flows: flows, Logins: &signintest.Logins{}, Cells: l.cells, Index: tenants, Tenants: tenants, Signups: signups,
		SignUp: func(context.Context, string, controlplane.SignupRequest) (controlplane.Tenant, error) {
			return controlplane.Tenant{}, nil
		},
		Decoy: func(context.Context, string) {}, RefusalTime: time.Millisecond, Clock: time.Now,
		Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", strings.TrimPrefix(w.server.Pages, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	l.front = &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}}
	l.front.Start()
	l.close = func() { l.front.Close(); flows.Close() }
	pages.Store(l)
	return l
}

// visitor is somebody with a browser that goes where it is sent, until it would
// leave for an application.
type visitor struct {
	t    *testing.T
	http *http.Client
	at   *url.URL // the page that is shown, or where an application is answered
	page string
}

func (l *lobby) visitor(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	ours := []string{strings.TrimPrefix(l.server.Pages, "http://"), strings.TrimPrefix(l.server.PublicURL(), "http://")}
	return &visitor{t: t, http: &http.Client{
		Jar: jar, Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			if r.URL.Host != ours[0] && r.URL.Host != ours[1] {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}}
}

func (v *visitor) open(page string) *visitor {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, page, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(request)
}

var formToken = regexp.MustCompile(`name="token" value="([^"]*)"`)

// send sends the form that is shown, whose action is a path of the page's host.
func (v *visitor) send(path string, values ...string) *visitor {
	v.t.Helper()
	token := formToken.FindStringSubmatch(v.page)
	if token == nil {
		v.t.Fatalf("no form at %s:\n%s", v.at, v.page)
	}
	form := url.Values{"token": {token[1]}}
	for i := 0; i < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, "http://"+v.at.Host+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(request)
}

func (v *visitor) do(request *http.Request) *visitor {
	v.t.Helper()
	response, err := v.http.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.at, v.page = response.Request.URL, string(body)
	if to, err := response.Location(); err == nil {
		v.at = to
	}
	return v
}

// sees fails the test unless the page at a path is shown, with these texts.
func (v *visitor) sees(path string, texts ...string) *visitor {
	v.t.Helper()
	if v.at.Path != path {
		v.t.Fatalf("at %s, not %s:\n%s", v.at, path, v.page)
	}
	for _, text := range texts {
		if !strings.Contains(v.page, text) {
			v.t.Fatalf("%s lacks %q:\n%s", path, text, v.page)
		}
	}
	return v
}

// newcomer is a user of the tenant, who is shown the login page of an application
// and signs in.
func (l *lobby) newcomer(t *testing.T, email string) *signintest.User {
	t.Helper()
	return l.cells.Add(l.acme.TenantID, email, password)
}

func (v *visitor) logIn(email string) *visitor {
	v.t.Helper()
	v.sees("/login")
	return v.send("/login", "email", email, "password", password)
}

// tokens exchanges the code that an application was answered with.
func (v *visitor) tokens(app *oauth2.Config, verifier string) *oauth2.Token {
	v.t.Helper()
	if !strings.HasPrefix(v.at.String(), back) || v.at.Query().Get("code") == "" {
		v.t.Fatalf("the application is not answered with a code, but: %s\n%s", v.at, v.page)
	}
	token, err := app.Exchange(v.t.Context(), v.at.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		v.t.Fatal(err)
	}
	return token
}

// notice is a logout token as it arrived, and at which client.
type notice struct{ client, token string }

// told are the notices that clients got.
var told struct {
	sync.Mutex
	notices []notice
}

// listeners are the clients' back channels.
var listeners = sync.OnceValue(func() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		told.Lock()
		defer told.Unlock()
		told.notices = append(told.notices, notice{strings.TrimPrefix(r.URL.Path, "/"), r.PostFormValue("logout_token")})
	}))
})

// noticesOf are those about one session, by client.
func noticesOf(t *testing.T, session string) map[string]string {
	t.Helper()
	told.Lock()
	defer told.Unlock()
	found := map[string]string{}
	for _, n := range told.notices {
		if payload(t, n.token)["sid"] == session {
			found[n.client] = n.token
		}
	}
	return found
}
