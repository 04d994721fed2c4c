package signin_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/signin/signintest"
)

func TestAnAuthenticatorAppIsSetUpAndTakenAway(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser().logIn()
	form := b.get("/account").want(200, "Not set up").token()
	page := b.post("/account/totp", "token", form).want(200, "<svg", "JBSWY3DPEHPK3PXP")
	b.post("/account/totp/confirm", "token", page.token(), "code", "000000").want(422, "not right")
	page = b.post("/account/totp/confirm", "token", page.token(), "code", signintest.TOTPCode).want(200, "Recovery codes", "shown only now")
	var code string
	w.cells.Change(w.ada, func(u *signintest.User) { code = u.Recovery[0] })
	if !strings.Contains(page.body, code) {
		t.Error("the codes are not shown")
	}
	if a := b.get("/account").want(200, "2 recovery codes"); strings.Contains(a.body, code) {
		t.Error("the codes are shown again")
	}
	b.post("/account/recovery-codes", "token", form).want(200, "take the place")
	other := w.browser()
	page = other.logInWith(ada, password).want(200, "Second step")
	page = other.post("/login/method", "token", page.token(), "method", "kba").want(200)
	other.post("/login/recovery", "token", page.token(), "code", code).want(422) // one of those before
	b.post("/account/totp/remove", "token", form).wantRedirect("/account")
	w.browser().logIn()
}

func TestPasskeysAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	w := start(t)
	b := w.browser().logIn()
	form := b.get("/account").token()
	page := b.post("/account/passkeys", "token", form).want(200, `data-mode="create"`)
	answer := challengeOf(t, page)
	b.post("/account/passkeys/confirm", "token", page.token(), "name", "Laptop", "answer", `{"challenge":"another"}`).want(422, "not accepted")
	b.post("/account/passkeys/confirm", "token", page.token(), "name", "Laptop", "answer", "").want(422)
	b.post("/account/passkeys/confirm", "token", page.token(), "name", "Laptop", "answer", answer).wantRedirect("/account")
	b.post("/account/passkeys/confirm", "token", page.token(), "name", "Again", "answer", answer).want(422)
	b.get("/account").want(200, "Laptop")
	var id string
	w.cells.Change(w.ada, func(u *signintest.User) { id = u.Passkeys[0].ID })
	b.post("/account/passkeys/remove", "token", form, "passkey", "another").want(404)
	b.post("/account/passkeys/remove", "token", form, "passkey", id).wantRedirect("/account")
	w.browser().logIn()
}

func TestAChangedPasswordSignsOthersOut(t *testing.T) {
	t.Parallel()
	w := start(t)
	b, other := w.browser().logIn(), w.browser().logIn()
	form := b.get("/account").token()
	b.post("/account/password", "token", form, "current", "wrong", "password", "a new password").want(200, "current password is not right")
	b.post("/account/password", "token", form, "current", password, "password", "short").want(200, "At least 8 characters", "Use at least 8 characters", `aria-invalid="true"`)
	b.post("/account/password", "token", form, "current", password, "password", "a new password").wantRedirect("/account")
	b.get("/account").want(200)
	other.get("/account").wantRedirect("/")
	if !slices.Contains(w.server.Revoked(), w.ada.ID.String()) {
		t.Error("applications keep what they were given")
	}
	w.browser().logInWith(ada, password).want(422)
	w.browser().logInWith(ada, "a new password").wantRedirect("/account")
}

func TestSessionsAndBrowsersAreEndedAndForgotten(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cells.Change(w.ada, func(u *signintest.User) { u.TOTP, u.Code = true, "111111" })
	b := w.browser()
	b.post("/login/totp", "token", b.logInWith(ada, password).token(), "code", "111111", "remember", "yes").wantRedirect("/account")
	other := w.browser()
	w.cells.Change(w.ada, func(u *signintest.User) { u.Code = "222222" })
	other.post("/login/totp", "token", other.logInWith(ada, password).token(), "code", "222222").wantRedirect("/account")
	page := b.get("/account").want(200, "Chrome on Linux", "this one")
	var session, device string
	for n := range page.nodes() {
		switch attribute(n, "name") {
		case "session":
			session = attribute(n, "value")
		case "device":
			device = attribute(n, "value")
		}
	}
	b.post("/account/sessions/end", "token", page.token(), "session", "nonsense").want(404)
	b.post("/account/sessions/end", "token", page.token(), "session", session).wantRedirect("/account")
	other.get("/account").wantRedirect("/")
	b.logInWith(ada, password).wantRedirect("/account") // the second step is left out
	page = b.get("/account")
	b.post("/account/devices/forget", "token", page.token(), "device", "nonsense").want(404)
	b.post("/account/devices/forget", "token", page.token(), "device", device).wantRedirect("/account")
	b.logInWith(ada, password).want(200, "Second step")
	b.post("/account/sessions/end-all", "token", b.get("/account").token()).wantRedirect("/signed-out")
	b.get("/account").wantRedirect("/")
	if !slices.Contains(w.server.Revoked(), w.ada.ID.String()) {
		t.Error("applications keep what they were given")
	}
}

func TestOperatorsSignInForTheirApplications(t *testing.T) {
	t.Parallel()
	w := start(t)
	operators := func(r *controlplane.LoginRequest) {
		r.Operators, r.Client = true, controlplane.OAuthClient{ID: "cellctl", Name: "cellctl", FirstParty: true}
	}
	b, challenge := w.browser(), w.challenge(operators)
	page := b.get("/login?login_challenge="+challenge).want(200, "Operators", "authenticator")
	for _, wrong := range [][3]string{{"op@platform.example", password, "000000"}, {"op@platform.example", "wrong", "123456"}, {ada, password, "123456"}} {
		page = b.post("/login/operator", "token", page.token(), "email", wrong[0], "password", wrong[1], "code", wrong[2]).want(422, "E-mail address, password or code is not right.")
	}
	b.post("/login/operator", "token", page.token(), "email", "op@platform.example", "password", password, "code", "123456").wantRedirect(issuer)
	if got := w.server.LoginOf(challenge).Accepted; got == nil || got.Subject != theOperator || got.ACR != controlplane.ACRTwoSteps || !got.Context.TenantID.IsZero() {
		t.Errorf("accepted: %+v", got)
	}
	again := w.challenge(operators, func(r *controlplane.LoginRequest) { r.Skip, r.Subject = true, theOperator })
	b.get("/login?login_challenge=" + again).wantRedirect(issuer)
	if w.server.LoginOf(again).Accepted == nil {
		t.Error("asked again")
	}
	b.get("/account").wantRedirect("/login") // operators have none
	// A tenant's user does not become an operator, nor the other way round.
	user := w.browser().logIn()
	as := w.challenge(operators, func(r *controlplane.LoginRequest) { r.Skip, r.Subject = true, w.ada.ID.String() })
	user.get("/login?login_challenge=" + as)
	tenant := w.challenge(func(r *controlplane.LoginRequest) { r.Skip, r.Subject = true, theOperator })
	b.get("/login?login_challenge=" + tenant)
	if w.server.LoginOf(as).Accepted != nil || w.server.LoginOf(tenant).Accepted != nil {
		t.Error("accepted as somebody of the other kind")
	}
	// The form of operators is no login of tenants' users.
	b.post("/login", "token", b.get("/login?login_challenge="+w.challenge(operators)).token(), "email", ada, "password", password).want(403)
}
