package signin_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/signin"
	"github.com/coditect/platform/controlplane/internal/signin/signintest"
	"github.com/coditect/platform/shared/directory"
)

func twoSteps(r *controlplane.LoginRequest) { r.ACR = []string{controlplane.ACRTwoSteps} }

func TestAnApplicationLearnsWhoItIs(t *testing.T) {
	t.Parallel()
	w := start(t)
	b, challenge := w.browser(), w.challenge()
	page := b.get("/login?login_challenge="+challenge).want(200, "Console", `autocomplete="current-password"`)
	b.post("/login", "token", page.token(), "email", " ADA@acme.example ", "password", password).wantRedirect(issuer)
	got := w.server.LoginOf(challenge).Accepted
	if got == nil || got.Subject != w.ada.ID.String() || got.Context.TenantID != w.acme.TenantID || got.Context.UserID != w.ada.ID ||
		!got.Remember || got.ACR != controlplane.ACRPassword || !slices.Equal(got.AMR, []string{"pwd"}) {
		t.Errorf("accepted: %+v", got)
	}
	b.get("/account").want(200, ada, "Acme")
}

func TestSeveralTenantsAreTold(t *testing.T) {
	t.Parallel()
	w := start(t)
	globex, hooli := w.tenants.Add("globex", "Globex"), w.tenants.Add("hooli", "Hooli")
	w.cells.Add(globex.TenantID, ada, password)
	w.cells.Add(hooli.TenantID, ada, "another password")
	b, challenge := w.browser(), w.challenge()
	page := b.post("/login", "token", b.get("/login?login_challenge="+challenge).token(), "email", ada, "password", password).want(200, "Acme", "Globex")
	if strings.Contains(page.body, "Hooli") {
		t.Error("a tenant is told whose password was not given")
	}
	b.post("/login/tenant", "token", page.token(), "tenant", hooli.TenantID.String()).want(403)
	b.post("/login/tenant", "token", page.token(), "tenant", globex.TenantID.String()).wantRedirect(issuer)
	if got := w.server.LoginOf(challenge).Accepted; got == nil || got.Context.TenantID != globex.TenantID {
		t.Errorf("accepted: %+v", got)
	}
	// Where the application or the address names the tenant, nobody is asked.
	hint := w.challenge(func(r *controlplane.LoginRequest) { r.TenantHint, r.LoginHint = "acme", ada })
	b = w.browser()
	b.post("/login", "token", b.get("/login?login_challenge="+hint).want(200, "acme", `value="`+ada+`"`).token(), "email", ada, "password", password).wantRedirect(issuer)
	b = w.browser()
	b.post("/login", "token", b.get("/t/globex").want(200, "globex").token(), "email", ada, "password", password).wantRedirect("/account")
	b.get("/account").want(200, "Globex")
}

func TestOnlyServedTenantsLetIn(t *testing.T) {
	t.Parallel()
	w := start(t)
	for state, open := range map[directory.State]bool{directory.Active: true, directory.Suspended: true, directory.Deleting: false, directory.Provisioning: false, directory.Deleted: false} {
		acme := w.acme
		acme.State = state
		w.tenants.Set(acme)
		if a := w.browser().logInWith(ada, password); (a.status == http.StatusSeeOther) != open {
			t.Errorf("%s: %d", state, a.status)
		}
	}
}

func TestACodeOfTheAppIsAskedFor(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cells.Change(w.ada, func(u *signintest.User) { u.TOTP, u.Code, u.Recovery = true, "111111", []string{"kept-code"} })
	b, challenge := w.browser(), w.challenge()
	page := b.post("/login", "token", b.get("/login?login_challenge="+challenge).token(), "email", ada, "password", password).want(200, "Second step", "one-time-code")
	if w.server.LoginOf(challenge).Accepted != nil || b.cookies()["account"] != "" {
		t.Fatal("the password alone was enough")
	}
	page = b.post("/login/totp", "token", page.token(), "code", "000000").want(422, "not right", `role="alert"`)
	b.post("/login/totp", "token", page.token(), "code", "111111", "remember", "yes").wantRedirect(issuer)
	got := w.server.LoginOf(challenge).Accepted
	if got == nil || got.ACR != controlplane.ACRTwoSteps || !slices.Contains(got.AMR, "otp") {
		t.Errorf("accepted: %+v", got)
	}
	// A used code is worth nothing, in this browser or another.
	other := w.browser()
	page = other.logInWith(ada, password).want(200, "Second step")
	page = other.post("/login/totp", "token", page.token(), "code", "111111").want(422)
	page = other.post("/login/method", "token", page.token(), "method", controlplane.AMRRecovery).want(200, "Recovery code")
	other.post("/login/recovery", "token", page.token(), "code", "kept-code").wantRedirect("/account")
	// The remembered browser is not asked again, unless the application wants it.
	b.logInWith(ada, password).wantRedirect("/account")
	strict := w.challenge(twoSteps)
	b.post("/login", "token", b.get("/login?login_challenge="+strict).token(), "email", ada, "password", password).want(200, "Second step")
}

func TestAMethodThatIsNotSetUpIsNoWayIn(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cells.Change(w.ada, func(u *signintest.User) { u.TOTP, u.Code = true, "111111" })
	b := w.browser()
	page := b.logInWith(ada, password).want(200)
	b.post("/login/recovery", "token", page.token(), "code", "").want(403)
	b.post("/login/passkey", "token", page.token(), "answer", `{"challenge":""}`).want(403)
	b.post("/login/method", "token", page.token(), "method", "pwd").want(403)
}

func TestAPasskeyOpensOnce(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cells.Change(w.ada, func(u *signintest.User) { u.Passkeys = []controlplane.Passkey{{ID: "k", Name: "Key"}} })
	b := w.browser()
	page := b.logInWith(ada, password).want(200, "/static/passkey.js", "data-options", "<noscript>")
	if csp := page.header.Get("Content-Security-Policy"); !strings.Contains(csp, "script-src 'self'") {
		t.Errorf("policy of the page: %s", csp)
	}
	answer := challengeOf(t, page)
	b.post("/login/passkey", "token", page.token(), "answer", `{"challenge":"another"}`).want(200, "not accepted") // asked anew
	b.post("/login/passkey", "token", page.token(), "answer", answer).want(200, "not accepted")                    // of the page before
	page = b.logInWith(ada, password).want(200)
	answer = challengeOf(t, page)
	b.post("/login/passkey", "token", page.token(), "answer", answer).wantRedirect("/account")
	thief := w.browser()
	page = thief.logInWith(ada, password).want(200)
	thief.post("/login/passkey", "token", page.token(), "answer", answer).want(200, "not accepted")
	thief.post("/login/passkey", "token", page.token(), "answer", "").want(200, "not accepted")
}

// challengeOf is what the browser's script would answer.
func challengeOf(t *testing.T, page *answer) string {
	t.Helper()
	for n := range page.nodes() {
		if options := attribute(n, "data-options"); options != "" {
			return strings.TrimSuffix(strings.TrimPrefix(options, `{"publicKey":`), "}")
		}
	}
	t.Fatal("no options on the page")
	return ""
}

func TestAnAddressIsConfirmedFirst(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cells.Change(w.ada, func(u *signintest.User) { u.Verified = false })
	b := w.browser()
	b.logInWith(ada, password).want(200, "Confirm your address")
	mail := w.cells.Mails()[0]
	link := "/verify?tenant=" + mail.TenantID.String() + "&code=" + mail.Code
	w.browser().get(link).want(200, "Confirm")
	b.logInWith(ada, password).want(200, "Confirm your address") // opening a link confirms nothing
	reader := w.browser()
	page := reader.get(link).want(200)
	reader.post("/verify", "token", page.token()).want(200, "Confirmed")
	reader.post("/verify", "token", page.token()).want(410)
	b.logInWith(ada, password).wantRedirect("/account")
}

// The authorization server remembers who it is; whether that still counts is
// decided here.
func TestSomebodyRememberedIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	w := start(t)
	known := func(r *controlplane.LoginRequest) {
		r.Skip, r.Subject, r.SessionID = true, w.ada.ID.String(), "session-1"
	}
	b := w.browser().logIn()
	first := w.challenge(known)
	b.get("/login?login_challenge=" + first).wantRedirect(issuer)
	if got := w.server.LoginOf(first).Accepted; got == nil || got.Context.TenantID != w.acme.TenantID || got.Subject != w.ada.ID.String() {
		t.Fatalf("accepted: %+v", got)
	}
	restarted := func(what string, b *browser, change func(*controlplane.LoginRequest)) {
		t.Helper()
		before := len(w.server.Ended())
		challenge := w.challenge(known, change)
		b.get("/login?login_challenge=" + challenge).wantRedirect(issuer + "/oauth2/auth?client_id=console")
		if w.server.LoginOf(challenge).Accepted != nil || len(w.server.Ended()) != before+1 {
			t.Errorf("%s: accepted, or the old login was not ended", what)
		}
	}
	as := func(*controlplane.LoginRequest) {}
	restarted("a browser that never signed in", w.browser(), as)
	restarted("another tenant", b, func(r *controlplane.LoginRequest) { r.TenantHint = "globex" })
	restarted("somebody else", b, func(r *controlplane.LoginRequest) { r.Subject = "0190c1f0-0000-7000-8000-000000000000" })
	restarted("an operators' application", b, func(r *controlplane.LoginRequest) { r.Operators = true })
	if err := w.cells.RevokeSessions(t.Context(), "", w.acme.TenantID, 1, w.ada.ID); err != nil {
		t.Fatal(err)
	}
	restarted("a session that was ended", b, as)
	w.cells.Fail(unavailable())
	late := w.challenge(known)
	b.get("/login?login_challenge=" + late).want(503)
}

func TestStepUpAsksForTheSecondStepAlone(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser().logIn()
	known := func(r *controlplane.LoginRequest) {
		r.Skip, r.Subject, r.SessionID = true, w.ada.ID.String(), "session-1"
	}
	challenge := w.challenge(known, twoSteps)
	b.get("/login?login_challenge="+challenge).want(200, "set up none")
	w.cells.Change(w.ada, func(u *signintest.User) { u.TOTP, u.Code = true, "222222" })
	page := b.get("/login?login_challenge="+challenge).want(200, "Second step")
	if strings.Contains(page.body, "password") {
		t.Error("the password is asked for again")
	}
	b.post("/login/totp", "token", page.token(), "code", "222222").wantRedirect(issuer)
	if got := w.server.LoginOf(challenge).Accepted; got == nil || got.ACR != controlplane.ACRTwoSteps {
		t.Errorf("accepted: %+v", got)
	}
	b.get("/login?login_challenge=" + w.challenge(known, twoSteps)).wantRedirect(issuer) // it was shown already
}

func TestATenantThatMovesLetsIn(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cells.Moved(2)
	w.browser().logIn()
}

func TestACellThatIsDownIsToldLikeAWrongPassword(t *testing.T) {
	t.Parallel()
	w := start(t)
	wrong := w.browser().logInWith("nobody@example.org", password)
	w.cells.Fail(unavailable())
	if down := w.browser().logInWith(ada, password); down.status != wrong.status || scrub(down, ada) != scrub(wrong, "nobody@example.org") {
		t.Errorf("%d %s", down.status, down.body)
	}
}

// scrub takes out of a page what differs for good reason.
func scrub(a *answer, email string) string {
	return strings.NewReplacer(a.token(), "TOKEN", email, "EMAIL").Replace(a.body)
}

func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	const floor = 120 * time.Millisecond
	w := start(t, func(o *signin.Options) { o.RefusalTime = floor })
	locked := w.cells.Add(w.acme.TenantID, "locked@acme.example", "")
	for name, c := range map[string]struct{ path, email string }{
		"wrong password":                {"/login", ada},
		"no such address":               {"/login", "nobody@example.org"},
		"locked":                        {"/login", locked.Email},
		"wrong password, at the tenant": {"/t/acme", ada},
		"no such address, at it":        {"/t/acme", "nobody@example.org"},
		"at a tenant that is not there": {"/t/no-such-tenant", "nobody@example.org"},
		"forgotten":                     {"/password/forgot", ada},
		"forgotten by nobody":           {"/password/forgot", "nobody@example.org"},
	} {
		t.Run(name, func(t *testing.T) {
			b := w.browser()
			page := b.get(c.path).want(200)
			action := "/login"
			if strings.HasPrefix(c.path, "/password") {
				action = c.path
			}
			began := time.Now()
			a := b.post(action, "token", page.token(), "email", c.email, "password", "not the password")
			if took := time.Since(began); took < floor {
				t.Errorf("told after %s, before others can be", took)
			}
			if action == "/login" {
				a.want(422, "E-mail address or password is not right")
			} else {
				a.want(200, "If "+c.email+" has an account")
			}
		})
	}
	// The one text: nothing but the address and the token differs.
	b, c := w.browser(), w.browser()
	if known, unknown := b.logInWith(ada, "not it"), c.logInWith("nobody@example.org", "not it"); scrub(known, ada) != scrub(unknown, "nobody@example.org") {
		t.Errorf("known:\n%s\nunknown:\n%s", known.body, unknown.body)
	}
	if w.decoys.Load() < 3 {
		t.Errorf("%d passwords were checked against nothing; addresses without accounts cost no work", w.decoys.Load())
	}
}

func TestGuessesAreBounded(t *testing.T) {
	t.Parallel()
	w := start(t)
	// One account, from many places; it is the same account however it is written.
	limited := 0
	for i := range 14 {
		email := ada
		if i%2 == 1 {
			email = strings.ToUpper(ada)
		}
		if a := w.browser().logInWith(email, "guess"); a.status == http.StatusTooManyRequests {
			limited++
			if a.header.Get("Retry-After") == "" {
				t.Error("nobody is told when to come again")
			}
		}
	}
	if limited < 2 {
		t.Errorf("%d of 14 guesses at one account were limited", limited)
	}
	// An account that does not exist is limited alike.
	limited = 0
	for range 14 {
		if w.browser().logInWith("nobody@example.org", "guess").status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited < 2 {
		t.Errorf("%d of 14 guesses at nobody's account were limited", limited)
	}
	// Many accounts, from one place.
	b := w.browser()
	token := b.get("/login").token()
	limited = 0
	for i := range 40 {
		if b.post("/login", "token", token, "email", strings.Repeat("x", i+1)+"@example.org", "password", "guess").status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited < 5 {
		t.Errorf("%d of 40 guesses from one address were limited", limited)
	}
	w.clock.advance(2 * time.Minute)
	w.browser().logIn()
}

func TestGuessesAtCodesAreBounded(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cells.Change(w.ada, func(u *signintest.User) { u.TOTP, u.Code = true, "111111" })
	b := w.browser()
	page := b.logInWith(ada, password).want(200)
	limited := 0
	for range 14 {
		if b.post("/login/totp", "token", page.token(), "code", "000000").status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited < 3 || w.cells.Calls("VerifyTOTP") > 11 {
		t.Errorf("%d limited, %d checked", limited, w.cells.Calls("VerifyTOTP"))
	}
}
