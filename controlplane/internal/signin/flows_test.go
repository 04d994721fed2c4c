package signin_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/signin/signintest"
)

var thirdParty = controlplane.OAuthClient{ID: "other", Name: "Other & Sons"}

func TestConsent(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser().logIn()
	asks := func(client controlplane.OAuthClient, skip bool) string {
		return w.server.AskConsent(controlplane.ConsentRequest{
			Subject: w.ada.ID.String(), Client: client, Skip: skip, Scopes: []string{"openid", "email", "projects:read"}, Audience: []string{"api"},
		})
	}
	ours, before, theirs, denied := asks(app, false), asks(thirdParty, true), asks(thirdParty, false), asks(thirdParty, false)
	for _, challenge := range []string{ours, before} {
		b.get("/consent?consent_challenge=" + challenge).wantRedirect(issuer)
		if got := w.server.ConsentOf(challenge).Accepted; got == nil || len(got.Scopes) != 3 || got.Claims["email"] != ada || !slices.Equal(got.Audience, []string{"api"}) {
			t.Errorf("accepted: %+v", got)
		}
	}
	page := b.get("/consent?consent_challenge="+theirs).want(200, "Other &amp; Sons", ada, "Acme", "see your projects")
	if w.server.ConsentOf(theirs).Accepted != nil {
		t.Fatal("nobody was asked")
	}
	b.post("/consent", "token", page.token(), "decision", "allow", "scope", "admin").wantRedirect(issuer)
	if got := w.server.ConsentOf(theirs).Accepted; got == nil || slices.Contains(got.Scopes, "admin") {
		t.Errorf("accepted: %+v", got)
	}
	b.post("/consent", "token", page.token(), "decision", "allow").want(410) // once
	page = b.get("/consent?consent_challenge=" + denied).want(200)
	b.post("/consent", "token", page.token(), "decision", "deny").wantRedirect(issuer)
	if got := w.server.ConsentOf(denied); got.Accepted != nil || got.Rejected != "access_denied" {
		t.Errorf("denied: %+v", got)
	}
}

// A link with a consent of the attacker's, opened by the victim, or the other
// way round.
func TestNobodyConsentsForSomebodyElse(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cells.Add(w.acme.TenantID, "eve@acme.example", password)
	challenge := w.server.AskConsent(controlplane.ConsentRequest{Subject: w.ada.ID.String(), Client: app})
	eve := w.browser()
	eve.logInWith("eve@acme.example", password)
	for _, b := range []*browser{w.browser(), eve} {
		b.get("/consent?consent_challenge="+challenge).want(403, "somebody else")
	}
	theirs := w.server.AskConsent(controlplane.ConsentRequest{Subject: w.ada.ID.String(), Client: thirdParty})
	ada := w.browser().logIn()
	token := ada.get("/consent?consent_challenge=" + theirs).token()
	eve.post("/consent", "token", token, "decision", "allow").want(403)
	if w.server.ConsentOf(challenge).Accepted != nil || w.server.ConsentOf(theirs).Accepted != nil {
		t.Error("accepted")
	}
}

func TestLogout(t *testing.T) {
	t.Parallel()
	w := start(t)
	subject := w.ada.ID.String()
	// An application asks on the person's behalf.
	b := w.browser().logIn()
	challenge := w.server.AskLogout(controlplane.LogoutRequest{Subject: subject, RPInitiated: true})
	b.get("/logout?logout_challenge=" + challenge).wantRedirect(issuer)
	if !w.server.LogoutOf(challenge).Done {
		t.Error("not done")
	}
	b.get("/account").wantRedirect("/login")
	// A mere link, or a request about somebody else, is asked about.
	b.logIn()
	for _, r := range []controlplane.LogoutRequest{{Subject: subject}, {Subject: "somebody", RPInitiated: true}} {
		challenge = w.server.AskLogout(r)
		page := b.get("/logout?logout_challenge="+challenge).want(200, "Sign out")
		b.get("/account").want(200)
		b.post("/logout", "token", w.browser().get("/login").token()).want(403)
		if w.server.LogoutOf(challenge).Done {
			t.Fatal("done without an answer")
		}
		b.post("/logout", "token", page.token()).wantRedirect(issuer)
		if !w.server.LogoutOf(challenge).Done {
			t.Error("not done")
		}
		b.logIn()
	}
	// Where nobody is signed in there is nothing to ask.
	challenge = w.server.AskLogout(controlplane.LogoutRequest{Subject: subject})
	nobody := w.browser()
	nobody.get("/logout?logout_challenge=" + challenge).wantRedirect(issuer)
	nobody.get("/logout").wantRedirect("/signed-out")
	nobody.get("/signed-out").want(200, "Signed out")
}

// mailTo returns the newest mail to an address.
func (w *world) mailTo(to string) signintest.Mail {
	w.t.Helper()
	for _, m := range slices.Backward(w.cells.Mails()) {
		if m.To == to {
			return m
		}
	}
	w.t.Fatalf("no mail to %s", to)
	return signintest.Mail{}
}

func linkOf(path string, m signintest.Mail) string {
	return path + "?tenant=" + m.TenantID.String() + "&code=" + m.Code
}

func TestAForgottenPassword(t *testing.T) {
	t.Parallel()
	w := start(t)
	other := w.tenants.Add("globex", "Globex")
	w.cells.Add(other.TenantID, ada, "another password")
	signedIn := w.browser().logIn()
	b := w.browser()
	b.post("/password/forgot", "token", b.get("/password/forgot").token(), "email", ada).want(200, "Look into your mail")
	if mails := w.cells.Mails(); len(mails) != 2 {
		t.Fatalf("%d mails for two accounts", len(mails))
	}
	var mail signintest.Mail
	for _, m := range w.cells.Mails() {
		if m.TenantID == w.acme.TenantID {
			mail = m
		}
	}
	// The code is the tenant's alone, and opening the link uses nothing.
	foreign := mail
	foreign.TenantID = other.TenantID
	page := b.get(linkOf("/password/reset", foreign)).want(200)
	b.post("/password/reset", "token", page.token(), "password", "a new password").want(410)
	page = b.get(linkOf("/password/reset", mail)).want(200, "new-password")
	page = b.post("/password/reset", "token", page.token(), "password", "short").want(422, "Use at least 8 characters", `aria-invalid="true"`)
	b.post("/password/reset", "token", page.token(), "password", "a new password").want(200, "/t/acme")
	b.post("/password/reset", "token", b.get(linkOf("/password/reset", mail)).token(), "password", "a third password").want(410)
	signedIn.get("/account").wantRedirect("/")
	if !slices.Contains(w.server.Revoked(), w.ada.ID.String()) {
		t.Error("applications keep what they were given")
	}
	w.browser().logInWith(ada, "a new password").wantRedirect("/account")
	for _, broken := range []string{"/password/reset", "/password/reset?code=x", "/verify?tenant=x&code=y", "/invitation?tenant=" + w.acme.TenantID.String()} {
		b.get(broken).want(410)
	}
}

func TestMailsToOneAddressAreBounded(t *testing.T) {
	t.Parallel()
	w := start(t)
	for range 8 {
		b := w.browser()
		b.post("/password/forgot", "token", b.get("/password/forgot").token(), "email", ada).want(200, "Look into your mail")
	}
	if n := len(w.cells.Mails()); n != 3 {
		t.Errorf("%d mails", n)
	}
	w.clock.advance(time.Minute)
	b := w.browser()
	b.post("/password/forgot", "token", b.get("/password/forgot").token(), "email", ada)
	if n := len(w.cells.Mails()); n != 4 {
		t.Errorf("%d mails a minute later", n)
	}
}

func TestAnInvitationIsAccepted(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cells.Invite(w.acme.TenantID, "bob@acme.example")
	mail := w.mailTo("bob@acme.example")
	b := w.browser()
	page := b.get(linkOf("/invitation", mail)).want(200, "You were invited")
	page = b.post("/invitation", "token", page.token(), "name", "Bob <b>", "password", "short").want(422, `value="Bob &lt;b&gt;"`, "Use at least 8 characters")
	b.post("/invitation", "token", page.token(), "name", "Bob", "password", "a good password").want(200, "Acme", "/t/acme")
	b.post("/invitation", "token", page.token(), "name", "Mallory", "password", "a good password").want(410)
	b.logInWith("bob@acme.example", "a good password").wantRedirect("/account")
}

func TestSignUp(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser()
	page := b.get("/signup").want(200)
	send := func(page *answer, slug, email string) *answer {
		return b.post("/signup", "token", page.token(), "organization", "Initech", "slug", slug, "name", "Bill", "email", email)
	}
	for slug, says := range map[string]string{"acme": "taken", "admin": "reserved", "x": "3 to 40", "a b": "a-z"} {
		page = send(page, slug, "bill@initech.example").want(422, says, `value="bill@initech.example"`, `id="slug-error"`)
	}
	page = send(page, "initech", "no address").want(422, `id="email-error"`)
	if len(w.signups) != 0 {
		t.Fatal("something was signed up")
	}
	send(page, "initech", "bill@initech.example").want(200, "Look into your mail")
	send(page, "initech", "bill@initech.example").want(200) // the same form again is the same tenant
	if len(w.signups) != 1 {
		t.Errorf("%d tenants", len(w.signups))
	}
	mail := w.mailTo("bill@initech.example")
	b.post("/password/reset", "token", b.get(linkOf("/password/reset", mail)).token(), "password", "a good password").want(200)
	b.logInWith("bill@initech.example", "a good password").wantRedirect("/account")
	b.get("/account").want(200, "Initech")
	// An address that has an account elsewhere is answered alike, and limits hold.
	page = b.get("/signup")
	known := send(page, "umbrella", ada).want(200)
	if !strings.Contains(known.body, "We have sent a link to "+ada) {
		t.Error(known.body)
	}
	send(b.get("/signup"), "hooli", "c@hooli.example").want(429)
}
