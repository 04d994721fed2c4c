package signin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/signin/signintest"
)

const withdrawPath = "/account/applications/withdraw"

// allows has somebody allow an application something, in a browser that is theirs.
func (b *browser) allows(u *signintest.User, client controlplane.OAuthClient) string {
	b.w.t.Helper()
	challenge := b.w.server.AskConsent(controlplane.ConsentRequest{Subject: u.ID.String(), Client: client, Scopes: []string{"openid", "offline_access", "projects:read", "custom"}})
	b.post("/consent", "token", b.get("/consent?consent_challenge="+challenge).want(200).token(), "decision", "allow").wantRedirect(issuer)
	return challenge
}

func TestWhatAnApplicationMayIsWithdrawn(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser().logIn()
	if page := b.get("/account").want(200, "Applications that you have allowed"); strings.Contains(page.body, withdrawPath) {
		t.Error("there is something to withdraw before anything was allowed")
	}
	another := controlplane.OAuthClient{ID: "another", Name: "Another"}
	theirs, anothers := b.allows(w.ada, thirdParty), b.allows(w.ada, another)
	ours := w.server.AskConsent(controlplane.ConsentRequest{Subject: w.ada.ID.String(), Client: app, Scopes: []string{"openid"}})
	b.get("/consent?consent_challenge=" + ours).wantRedirect(issuer)

	page := b.get("/account").want(200, "Other &amp; Sons", "see your projects", "<code>custom</code>", `value="other"`, `aria-label="Withdraw what Other &amp; Sons may do"`, `value="another"`)
	checkAccessible(t, page)
	if strings.Contains(page.body, `value="`+app.ID+`"`) {
		t.Error("an application of ours, about which nobody was asked, stands on the list")
	}
	b.post(withdrawPath, "token", page.token(), "application", thirdParty.ID).wantRedirect("/account")
	if !w.server.ConsentOf(theirs).Withdrawn || w.server.ConsentOf(anothers).Withdrawn {
		t.Error("it is not withdrawn, or not alone")
	}
	if page := b.get("/account").want(200, `value="another"`); strings.Contains(page.body, `value="other"`) {
		t.Error("what was withdrawn stands on the list")
	}
	b.post(withdrawPath, "token", page.token(), "application", thirdParty.ID).want(404, "no such application") // once
}

// Nobody takes back what somebody else has allowed, nor without having been asked.
func TestWithdrawalsThatAreNotMeant(t *testing.T) {
	t.Parallel()
	w := start(t)
	eve := w.cells.Add(w.acme.TenantID, "eve@acme.example", password)
	victim, attacker := w.browser().logIn(), w.browser()
	attacker.logInWith(eve.Email, password).wantRedirect("/account")
	mine := victim.allows(w.ada, thirdParty)
	own, foreign := victim.get("/account").token(), attacker.get("/account").token()

	attacker.post(withdrawPath, "token", foreign, "application", thirdParty.ID).want(404)
	attacker.post(withdrawPath, "token", foreign, "application", thirdParty.ID, "subject", w.ada.ID.String(), "user", w.ada.ID.String()).want(404)
	for name, c := range map[string]struct {
		token, application string
		header             map[string]string
		status             int
	}{
		"no token":                   {"", thirdParty.ID, nil, 403},
		"a token of another browser": {foreign, thirdParty.ID, nil, 403},
		"a token of another form":    {victim.get("/logout").token(), thirdParty.ID, nil, 403},
		"from another site":          {own, thirdParty.ID, map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		"an unknown client":          {own, "nobody", nil, 404},
		"no client":                  {own, "", nil, 404},
		"one of ours":                {own, app.ID, nil, 404},
	} {
		if a := victim.do(http.MethodPost, withdrawPath, url.Values{"token": {c.token}, "application": {c.application}}, c.header); a.status != c.status {
			t.Errorf("%s: %d to %s", name, a.status, a.to)
		}
	}
	victim.get(withdrawPath).want(405)
	w.clock.advance(16 * time.Minute) // whoever finds the browser open
	victim.post(withdrawPath, "token", own, "application", thirdParty.ID).wantRedirect("/t/acme")
	if w.server.ConsentOf(mine).Withdrawn {
		t.Error("withdrawn")
	}
}

// The account page does without the authorization server, but for this list.
func TestApplicationsOfAServerThatIsAway(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser().logIn()
	challenge := b.allows(w.ada, thirdParty)
	page := b.get("/account")
	w.server.Away = unavailable()
	checkAccessible(t, b.get("/account").want(200, "cannot be listed at the moment", "Where you are signed in"))
	b.post(withdrawPath, "token", page.token(), "application", thirdParty.ID).want(503)
	if w.server.ConsentOf(challenge).Withdrawn {
		t.Error("withdrawn")
	}
}

// A cell is told how a session ended: a sign-out takes back nothing that others'
// applications were allowed in one's absence.
func TestHowSessionsEnd(t *testing.T) {
	t.Parallel()
	w := start(t)
	b, other := w.browser().logIn(), w.browser().logIn()
	sessions, err := w.cells.ListSessions(t.Context(), "", w.acme.TenantID, 0, w.ada.ID)
	if err != nil || len(sessions) != 2 {
		t.Fatalf("%v, %v", sessions, err)
	}
	mine, theirs := sessions[0].ID, sessions[1].ID
	known := w.challenge(func(r *controlplane.LoginRequest) { r.Skip, r.Subject = true, w.ada.ID.String() })
	b.get("/login?login_challenge=" + known).wantRedirect(issuer)
	if got := w.server.LoginOf(known).Accepted; got == nil || got.Context.Session != mine {
		t.Errorf("accepted: %+v; the browser's session is %s", got, mine)
	}
	for _, c := range []struct {
		client controlplane.OAuthClient
		goesOn bool
	}{{thirdParty, true}, {app, false}} {
		asked := w.server.AskConsent(controlplane.ConsentRequest{Subject: w.ada.ID.String(), Client: c.client, Skip: true, Scopes: []string{"openid", "offline_access"}})
		b.get("/consent?consent_challenge=" + asked).wantRedirect(issuer)
		if got := w.server.ConsentOf(asked).Accepted; got == nil || got.Offline != c.goesOn || got.RememberFor != 0 {
			t.Errorf("%s: %+v", c.client.ID, got)
		}
	}
	b.post("/account/sessions/end", "token", b.get("/account").token(), "session", theirs.String()).wantRedirect("/account")
	b.post("/logout", "token", b.get("/logout").token()).wantRedirect(issuer)
	other.get("/account").wantRedirect("/")
	if w.cells.EndOf(theirs) != controlplane.SessionRevoked || w.cells.EndOf(mine) != controlplane.SessionSignedOut {
		t.Errorf("ended: %q, signed out: %q", w.cells.EndOf(theirs), w.cells.EndOf(mine))
	}
}
