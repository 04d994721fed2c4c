package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/signin"
	"github.com/coditect/platform/controlplane/internal/signin/signintest"
)

// Another site makes the victim's browser send a form.
func TestForgedFormsAreRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	victim, attacker := w.browser().logIn(), w.browser()
	foreign := attacker.get("/login").token()
	own := victim.get("/account").token()
	for name, c := range map[string]struct {
		path   string
		token  string
		header map[string]string
	}{
		"no token":                       {"/account/sessions/end-all", "", nil},
		"a token of another browser":     {"/login", foreign, nil},
		"a token of another form":        {"/login", own, nil},
		"a token of another form, too":   {"/account/password", victim.get("/login").token(), nil},
		"a token with a bit changed":     {"/account/sessions/end-all", flip(own), nil},
		"from another site":              {"/account/sessions/end-all", own, map[string]string{"Sec-Fetch-Site": "cross-site"}},
		"from another site of ours":      {"/account/sessions/end-all", own, map[string]string{"Sec-Fetch-Site": "same-site"}},
		"from another site, old browser": {"/account/sessions/end-all", own, map[string]string{"Sec-Fetch-Site": "", "Origin": "http://evil.example"}},
		"from a page without an origin":  {"/account/sessions/end-all", own, map[string]string{"Sec-Fetch-Site": "", "Origin": "null"}},
	} {
		form := url.Values{"token": {c.token}, "email": {ada}, "password": {password}, "current": {password}}
		if a := victim.do(http.MethodPost, c.path, form, c.header); a.status != http.StatusForbidden {
			t.Errorf("%s: %d to %s", name, a.status, a.to)
		}
	}
	naked := w.browser() // no cookies at all
	if a := naked.post("/login", "token", foreign, "email", ada, "password", password); a.status != http.StatusForbidden {
		t.Errorf("no cookie: %d", a.status)
	}
	victim.get("/account").want(200)
	if len(w.server.Revoked()) != 0 {
		t.Error("somebody was signed out")
	}
}

// flip changes a character in the middle of a token.
func flip(token string) string {
	i := len(token) / 2
	other := byte('A')
	if token[i] == other {
		other = 'B'
	}
	return token[:i] + string(other) + token[i+1:]
}

// The attacker knows the browser's id before the victim signs in.
func TestAPlantedBrowserIDOpensNothing(t *testing.T) {
	t.Parallel()
	w := start(t)
	attacker, victim := w.browser(), w.browser()
	attacker.get("/login")
	planted := attacker.cookies()["browser"]
	victim.plant("browser", planted)
	victim.logIn()
	if got := victim.cookies()["browser"]; got == planted || got == "" {
		t.Fatal("the browser keeps the id that it had before the login")
	}
	attacker.get("/account").wantRedirect("/login")
	// The victim's session does not go with the id that the attacker knows.
	attacker.plant("account", victim.cookies()["account"])
	attacker.get("/account").wantRedirect("/login")
	// Two cookies of one name: one of them was planted, nobody knows which.
	victim.client.Jar.SetCookies(mustParse(t, w.url+"/account"), []*http.Cookie{{Name: "account", Value: "planted", Path: "/account"}})
	victim.get("/account").wantRedirect("/login")
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestRedirectsLeadNowhereElse(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser()
	for _, astray := range []string{"http://evil.example/", "//evil.example", issuer + ".evil.example/", "http://issuer.test@evil.example/", "javascript:alert(1)", "/\\evil.example"} {
		w.server.Astray = astray
		challenge := w.challenge()
		a := b.post("/login", "token", b.get("/login?login_challenge="+challenge).token(), "email", ada, "password", password)
		if a.to != "" || a.status != http.StatusBadGateway {
			t.Errorf("sent to %q (%d)", a.to, a.status)
		}
		consent := w.server.AskConsent(controlplane.ConsentRequest{Subject: w.ada.ID.String(), Client: app})
		if a := b.get("/consent?consent_challenge=" + consent); a.to != "" {
			t.Errorf("consent: sent to %q", a.to)
		}
		logout := w.server.AskLogout(controlplane.LogoutRequest{Subject: w.ada.ID.String(), RPInitiated: true})
		if a := b.get("/logout?logout_challenge=" + logout); a.to != "" {
			t.Errorf("logout: sent to %q", a.to)
		}
	}
	w.server.Astray = ""
	w.clock.advance(time.Minute)
	again := w.challenge(func(r *controlplane.LoginRequest) {
		r.Skip, r.Subject, r.RequestURL = true, "somebody", "http://evil.example/"
	})
	if a := w.browser().get("/login?login_challenge=" + again); a.to != "" {
		t.Errorf("starting over: sent to %q", a.to)
	}
	// Parameters that other applications follow.
	for _, name := range []string{"next", "return_to", "redirect", "redirect_uri", "continue", "url", "post_logout_redirect_uri", "to"} {
		query := "?" + name + "=http%3A%2F%2Fevil.example%2F"
		c := w.browser()
		if a := c.post("/login"+query, "token", c.get("/login"+query).token(), "email", ada, "password", password, name, "http://evil.example/"); a.to != "/account" {
			t.Errorf("%s: sent to %q (%d)", name, a.to, a.status)
		}
		w.clock.advance(time.Minute)
		if a := c.get("/signed-out" + query); strings.Contains(a.body, "evil") {
			t.Errorf("%s stands on the page", name)
		}
	}
}

// A login belongs to the challenge that it began with.
func TestForeignOldAndUsedChallenges(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser()
	mine, theirs := w.challenge(), w.challenge()
	token := b.get("/login?login_challenge=" + mine).token()
	b.post("/login?login_challenge="+theirs, "token", token, "email", ada, "password", password, "login_challenge", theirs, "challenge", theirs).wantRedirect(issuer)
	if w.server.LoginOf(theirs).Accepted != nil || w.server.LoginOf(mine).Accepted == nil {
		t.Fatal("the login of another challenge was accepted")
	}
	// A page that another browser got, for its challenge.
	attackers := w.browser().get("/login?login_challenge=" + theirs).token()
	b.post("/login", "token", attackers, "email", ada, "password", password).want(403)
	// Used, unknown, missing.
	for _, challenge := range []string{mine, "unknown"} {
		b.get("/login?login_challenge="+challenge).want(410, "begin again")
	}
	used := w.challenge()
	first, second := b.get("/login?login_challenge="+used), b.get("/login?login_challenge="+used)
	b.post("/login", "token", first.token(), "email", ada, "password", password).wantRedirect(issuer)
	b.post("/login", "token", second.token(), "email", ada, "password", password).want(403) // the browser has another id since
	for _, path := range []string{"/consent", "/consent?consent_challenge=unknown", "/logout?logout_challenge=unknown"} {
		b.get(path).want(410)
	}
	// A page that lay about.
	old := w.challenge()
	page := b.get("/login?login_challenge=" + old)
	w.clock.advance(31 * time.Minute)
	b.post("/login", "token", page.token(), "email", ada, "password", password).want(410, "too old")
	if w.server.LoginOf(old).Accepted != nil {
		t.Error("an old page was accepted")
	}
}

func TestAStepDoesNotOutliveItsTime(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cells.Change(w.ada, func(u *signintest.User) { u.TOTP, u.Code = true, "111111" })
	b := w.browser()
	page := b.logInWith(ada, password).want(200)
	w.clock.advance(11 * time.Minute)
	b.post("/login/totp", "token", page.token(), "code", "111111").want(410)
	// Nor does it go to another browser.
	page = b.logInWith(ada, password).want(200)
	thief := w.browser()
	thief.get("/login")
	thief.post("/login/totp", "token", page.token(), "code", "111111").want(403)
}

// Copies of cookies and forms are worth nothing after a sign-out.
func TestReplaysAreRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser()
	login := b.get("/login")
	b.post("/login", "token", login.token(), "email", ada, "password", password).wantRedirect("/account")
	b.post("/login", "token", login.token(), "email", ada, "password", password).want(403)
	copied := b.cookies()
	thief := w.browser()
	thief.plant("browser", copied["browser"])
	thief.plant("account", copied["account"])
	thief.get("/account").want(200) // a whole copy is the browser, until it signs out
	form := b.get("/account").token()
	b.post("/logout", "token", b.get("/logout").want(200, "Sign out").token()).wantRedirect(issuer + "/oauth2/sessions/logout")
	thief.get("/account").wantRedirect("/")
	thief.post("/account/totp", "token", form).wantRedirect("/")
	b.plant("account", copied["account"])
	b.plant("browser", copied["browser"])
	b.get("/account").wantRedirect("/")
}

// Nobody's session outlives its half day, and changes want a fresh one.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser().logIn()
	form := b.get("/account").token()
	w.clock.advance(16 * time.Minute)
	b.get("/account").want(200)
	b.post("/account/totp", "token", form).wantRedirect("/t/acme")
	if w.cells.Calls("BeginTOTP") != 0 {
		t.Error("a second step was changed long after the login")
	}
	w.clock.advance(12 * time.Hour)
	b.get("/account").wantRedirect("/login")
}

// A form of one person's page, sent after another signed in, does nothing.
func TestAFormOfAnothersPage(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cells.Add(w.acme.TenantID, "bob@acme.example", password)
	b := w.browser().logIn()
	form := b.get("/account").token()
	b.logInWith("bob@acme.example", password).wantRedirect("/account")
	b.post("/account/totp", "token", form).want(403)
}

func TestWhatStandsInAnAddressIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser()
	const markup = "%3Cscript%3Ealert(1)%3C%2Fscript%3E"
	for _, path := range []string{"/error?error=" + markup + "&error_description=" + markup, "/error?error=Call+0800+for+help", "/login?tenant=" + markup, "/verify?tenant=x&code=" + markup, "/t/" + markup, "/" + markup} {
		a := b.get(path)
		if strings.Contains(a.body, "<script") || strings.Contains(a.body, "0800") {
			t.Errorf("%s stands on the page:\n%s", path, a.body)
		}
	}
	b.get("/error?error=invalid_request").want(200, "invalid_request")
}

func TestWhatEveryAnswerCarries(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser()
	for _, path := range []string{"/login", "/signup", "/password/forgot", "/nothing", "/account"} {
		h := b.get(path).header
		if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if h.Get("Cache-Control") != "no-store" || h.Get("X-Frame-Options") != "DENY" || h.Get("Referrer-Policy") != "same-origin" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, h)
		}
	}
	b.get("/nothing").want(404, "no such page")
	b.get("/static/style.css").want(200, "--accent")
	b.get("/static/").want(404)
	if a := b.get("/static/../templates/layout.html"); a.status == http.StatusOK {
		t.Error("a template is served")
	}
	if a := b.do(http.MethodPost, "/login", url.Values{"token": {strings.Repeat("x", 70<<10)}}, nil); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large form: %d", a.status)
	}
}

func TestCookiesAreForThisHostAlone(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *signin.Options) { o.URL = "https://login.example.org" })
	found := 0
	for _, line := range w.browser().get("/login").header.Values("Set-Cookie") {
		found++
		if !strings.HasPrefix(line, "__Host-browser=") || !strings.Contains(line, "; Secure") || !strings.Contains(line, "; HttpOnly") ||
			!strings.Contains(line, "SameSite=Lax") || strings.Contains(line, "Domain") {
			t.Errorf("cookie: %s", line)
		}
	}
	if found != 1 {
		t.Errorf("%d cookies", found)
	}
}

// Passwords, codes and tokens reach no log, whatever happens.
func TestSecretsReachNoLog(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser().logIn()
	w.cells.Fail(unavailable())
	b.post("/account/password", "token", "x", "current", "geheim-1", "password", "geheim-2")
	w.browser().logInWith(ada, "geheim-3")
	b.get("/account").want(503)
	b.get("/password/reset?tenant=" + w.acme.TenantID.String() + "&code=geheim-4")
	if log := w.log.String(); strings.Contains(log, "geheim") || strings.Contains(log, password) || strings.Contains(log, ada) || !strings.Contains(log, "page failed") {
		t.Errorf("log:\n%s", log)
	}
}
