package hydra_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

// A whole life of a session: login, consent, tokens that follow the user's roles,
// and the end of it when the hook says so.
func TestTokensFollowTheHook(t *testing.T) {
	t.Parallel()
	w, p := newWorld(t), newUser()
	w.claims.say(p.Subject, map[string]any{controlplane.ClaimTenantID: p.Context.TenantID, controlplane.ClaimRoles: []string{"admin"}}, nil)
	app := w.app("console", "")
	began := time.Now()
	first := w.signIn(t, newBrowser(t), app, apiAudience, p)
	wantClaims(t, first.AccessToken, map[string]any{
		"iss": w.server.Issuer, "sub": p.Subject, "client_id": "console", "aud": []string{apiAudience}, "scp": []string{"openid", "offline_access"},
		"tenant_id": p.Context.TenantID, "roles": []string{"admin"}, "acr": controlplane.ACRPassword, "amr": []string{"pwd"},
		"email": nil, "signed_in_at": nil, "ext": nil, // neither is the router's to read
	})
	if left := time.Until(first.Expiry); left < 9*time.Minute || left > 10*time.Minute {
		t.Errorf("the token lives for %s", left)
	}
	idToken, _ := first.Extra("id_token").(string)
	wantClaims(t, idToken, map[string]any{"sub": p.Subject, "aud": []string{"console"}, "email": "ann@example.org", "tenant_id": p.Context.TenantID})

	w.claims.say(p.Subject, map[string]any{controlplane.ClaimRoles: []string{"viewer"}}, nil)
	second, err := refresh(t.Context(), app, first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	wantClaims(t, second.AccessToken, map[string]any{"tenant_id": p.Context.TenantID, "roles": []string{"viewer"}})
	if second.RefreshToken == first.RefreshToken {
		t.Error("the refresh token is not another one")
	}
	for _, r := range w.claims.requests(p.Subject) {
		if r.Client != "console" || r.Machine || r.TenantID != p.Context.TenantID || r.AuthenticatedAt.Before(began) || r.AuthenticatedAt.Nanosecond() == 0 {
			t.Errorf("asked: %+v", r)
		}
	}

	w.claims.say(p.Subject, nil, fault.New(fault.Unavailable, "the cell does not answer"))
	if _, err := refresh(t.Context(), app, second.RefreshToken); err == nil {
		t.Error("a token was made although nobody could say what it shall carry")
	}
	w.claims.say(p.Subject, nil, fault.New(fault.Forbidden, "not active"))
	if _, err := refresh(t.Context(), app, second.RefreshToken); err == nil || !strings.Contains(err.Error(), "access_denied") {
		t.Errorf("a user who is not active: %v", err)
	}
	// What failed has used nothing up.
	w.claims.say(p.Subject, map[string]any{}, nil)
	if _, err := refresh(t.Context(), app, second.RefreshToken); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestWhatAnApplicationAsksForArrives(t *testing.T) {
	t.Parallel()
	w, b := newWorld(t), newBrowser(t)
	guest := w.app("guest", "guest-secret", "projects:read")
	asks := func(name, value string) oauth2.AuthCodeOption { return oauth2.SetAuthURLParam(name, value) }
	at := b.open(begin(guest, apiAudience, oauth2.GenerateVerifier(), asks("acr_values", controlplane.ACRTwoSteps), asks("login_hint", "ann@example.org")))
	login, err := w.Login(t.Context(), at.Query().Get("login_challenge"))
	if err != nil {
		t.Fatal(err)
	}
	want := controlplane.OAuthClient{ID: "guest", Name: "Somebody else's", LogoURI: "https://logo.example/guest.png", Audience: []string{apiAudience}}
	if c := login.Client; c.ID != want.ID || c.Name != want.Name || c.FirstParty || c.LogoURI != want.LogoURI || !slices.Equal(c.Audience, want.Audience) {
		t.Errorf("client: %+v", c)
	}
	if !login.WantsTwoSteps() || login.LoginHint != "ann@example.org" || login.TenantHint != "acme" || login.Operators || login.Skip || !strings.Contains(login.RequestURL, "login_hint") {
		t.Errorf("login: %+v", login)
	}
	at = b.open(begin(guest, apiAudience, oauth2.GenerateVerifier(), asks("tenant", "globex")))
	if login, err := w.Login(t.Context(), at.Query().Get("login_challenge")); err != nil || login.TenantHint != "globex" {
		t.Errorf("another tenant: %+v, %v", login, err)
	}
	next, err := w.RejectLogin(t.Context(), login.Challenge, "access_denied", "the person does not want to")
	if err != nil {
		t.Fatal(err)
	}
	// The answer to the first login comes from a browser that has begun another since.
	if at := b.open(next); at.Query().Get("error") == "" {
		t.Errorf("after a refusal: %s", at)
	}
	tools := b.open(begin(w.app("tools", "", controlplane.OperatorScope), controlplane.OperatorAudience, oauth2.GenerateVerifier()))
	if login, err := w.Login(t.Context(), tools.Query().Get("login_challenge")); err != nil || !login.Operators || !login.Client.FirstParty {
		t.Errorf("operators' client: %+v, %v", login, err)
	}
}

func TestConsentThatIsRefused(t *testing.T) {
	t.Parallel()
	w, b, p := newWorld(t), newBrowser(t), newUser()
	at := b.open(begin(w.app("guest", "guest-secret", "projects:read"), apiAudience, oauth2.GenerateVerifier()))
	next, err := w.AcceptLogin(t.Context(), at.Query().Get("login_challenge"), controlplane.AcceptedLogin{Subject: p.Subject, Context: p.Context})
	if err != nil {
		t.Fatal(err)
	}
	consent, err := w.Consent(t.Context(), b.open(next).Query().Get("consent_challenge"))
	if err != nil || !slices.Contains(consent.Scopes, "projects:read") || consent.Client.FirstParty {
		t.Fatalf("%+v, %v", consent, err)
	}
	if next, err = w.RejectConsent(t.Context(), consent.Challenge, "access_denied", "not for me"); err != nil {
		t.Fatal(err)
	}
	if at := b.open(next); !strings.HasPrefix(at.String(), back) || at.Query().Get("error") != "access_denied" || at.Query().Get("code") != "" {
		t.Errorf("the application is told: %s", at)
	}
}

// A challenge that nobody made, or made for something else, is not found; and a
// finished answer is worth nothing in another browser.
func TestForeignChallenges(t *testing.T) {
	t.Parallel()
	w, b := newWorld(t), newBrowser(t)
	login := b.open(begin(w.app("console", ""), apiAudience, oauth2.GenerateVerifier())).Query().Get("login_challenge")
	for _, challenge := range []string{"x", strings.Repeat("A", 2000), login[:len(login)-4] + "AAAA"} {
		_, err := w.Login(t.Context(), challenge)
		_, accept := w.AcceptLogin(t.Context(), challenge, controlplane.AcceptedLogin{Subject: "somebody"})
		_, consent := w.Consent(t.Context(), challenge)
		_, logout := w.Logout(t.Context(), challenge)
		for what, err := range map[string]error{"login": err, "accept": accept, "consent": consent, "logout": logout} {
			if fault.CodeOf(err) != fault.NotFound || strings.Contains(err.Error(), challenge) && len(challenge) > 1 {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	if _, err := w.Consent(t.Context(), login); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("a login's challenge for consent: %v", err)
	}
	next, err := w.AcceptLogin(t.Context(), login, controlplane.AcceptedLogin{Subject: newUser().Subject})
	if err != nil {
		t.Fatal(err)
	}
	if at := newBrowser(t).open(next); at.Query().Get("consent_challenge") != "" || at.Query().Get("error") == "" {
		t.Errorf("another browser is let in: %s", at)
	}
}

// Who is remembered is not asked again; ending the subject ends that, and what
// was given to it.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	w, b, p := newWorld(t), newBrowser(t), newUser()
	app := w.app("console", "")
	token := w.signIn(t, b, app, apiAudience, p)
	again := func() controlplane.LoginRequest {
		t.Helper()
		login, err := w.Login(t.Context(), b.open(begin(app, apiAudience, oauth2.GenerateVerifier())).Query().Get("login_challenge"))
		if err != nil {
			t.Fatal(err)
		}
		return login
	}
	remembered := again()
	if !remembered.Skip || remembered.Subject != p.Subject || remembered.SessionID == "" {
		t.Fatalf("not remembered: %+v", remembered)
	}
	if err := w.EndSession(t.Context(), remembered.SessionID); err != nil {
		t.Fatal(err)
	}
	if now := again(); now.Skip {
		t.Error("the session goes on after its end")
	}
	if err := w.RevokeSubject(t.Context(), p.Subject); err != nil {
		t.Fatal(err)
	}
	if _, err := refresh(t.Context(), app, token.RefreshToken); err == nil {
		t.Error("a refresh token outlives its subject's revocation")
	}
	if err := w.RevokeSubject(t.Context(), newUser().Subject); err != nil {
		t.Errorf("of somebody unknown: %v", err)
	}
}

func TestLogoutByTheApplication(t *testing.T) {
	t.Parallel()
	w, b, p := newWorld(t), newBrowser(t), newUser()
	token := w.signIn(t, b, w.app("console", ""), apiAudience, p)
	idToken, _ := token.Extra("id_token").(string)
	leave := w.server.PublicURL() + "/oauth2/sessions/logout?" + url.Values{"id_token_hint": {idToken}, "post_logout_redirect_uri": {"http://127.0.0.1/signed-out"}, "state": {"s"}}.Encode()
	challenge := b.open(leave).Query().Get("logout_challenge")
	logout, err := w.Logout(t.Context(), challenge)
	if err != nil || logout.Subject != p.Subject || !logout.RPInitiated || logout.Client.ID != "console" || logout.SessionID == "" {
		t.Fatalf("%+v, %v", logout, err)
	}
	next, err := w.AcceptLogout(t.Context(), challenge)
	if err != nil {
		t.Fatal(err)
	}
	if at := b.open(next); !strings.HasPrefix(at.String(), "http://127.0.0.1/signed-out") {
		t.Errorf("sent to %s", at)
	}
	if _, err := w.Logout(t.Context(), challenge); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("the challenge again: %v", err)
	}
	other := w.signIn(t, b, w.app("console", ""), apiAudience, p)
	idToken, _ = other.Extra("id_token").(string)
	challenge = b.open(w.server.PublicURL() + "/oauth2/sessions/logout?" + url.Values{"id_token_hint": {idToken}}.Encode()).Query().Get("logout_challenge")
	if err := w.RejectLogout(t.Context(), challenge); err != nil {
		t.Errorf("refused: %v", err)
	}
}

// Machines, and what applications may not do.
func TestGrants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	robot := clientcredentials.Config{
		ClientID: "robot", ClientSecret: "robot-secret", TokenURL: w.server.PublicURL() + "/oauth2/token", Scopes: []string{controlplane.OperatorScope},
		EndpointParams: url.Values{"audience": {controlplane.OperatorAudience}}, AuthStyle: oauth2.AuthStyleInHeader,
	}
	w.claims.say("robot", map[string]any{controlplane.ClaimRole: controlplane.RoleBilling}, nil)
	token, err := robot.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantClaims(t, token.AccessToken, map[string]any{"sub": "robot", "client_id": "robot", "role": "billing", "aud": []string{controlplane.OperatorAudience}})
	if asked := w.claims.requests("robot"); len(asked) == 0 || !asked[0].Machine {
		t.Errorf("asked: %+v", asked)
	}
	if m, err := w.Machine(t.Context(), "robot"); err != nil || m.TenantID.String() != robotTenant || !slices.Equal(m.Roles, []string{"viewer"}) || m.Operator != controlplane.RoleBilling {
		t.Errorf("machine: %+v, %v", m, err)
	}
	if _, err := w.Machine(t.Context(), "nobody"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("no machine: %v", err)
	}
	wrong := robot
	wrong.ClientSecret = "guest-secret"
	if _, err := wrong.Token(t.Context()); err == nil {
		t.Error("a wrong secret is accepted")
	}
	elsewhere := robot
	elsewhere.EndpointParams = url.Values{"audience": {"elsewhere"}}
	if _, err := elsewhere.Token(t.Context()); err == nil {
		t.Error("an audience that the client has not")
	}
	b := newBrowser(t)
	for name, page := range map[string]string{
		"no PKCE":       w.app("console", "").AuthCodeURL("state-of-the-application"),
		"implicit flow": w.app("console", "").AuthCodeURL("state-of-the-application", oauth2.SetAuthURLParam("response_type", "token"), oauth2.SetAuthURLParam("nonce", "nonce-nonce")),
		"foreign scope": begin(w.app("console", "", controlplane.OperatorScope), apiAudience, oauth2.GenerateVerifier()),
		"audience":      begin(w.app("console", ""), controlplane.OperatorAudience, oauth2.GenerateVerifier()),
	} {
		if at := b.open(page); at.Query().Get("login_challenge") != "" && name != "no PKCE" || !strings.Contains(at.String(), "error") && name != "no PKCE" {
			t.Errorf("%s: %s", name, at)
		}
	}
	open := w.app("console", "")
	open.RedirectURL = "https://evil.example/callback"
	if at := b.open(begin(open, apiAudience, oauth2.GenerateVerifier())); strings.HasPrefix(at.String(), "https://evil.example") {
		t.Errorf("sent to %s", at)
	}
}

// A public client without PKCE gets no code, and a refresh token that was used
// is worth nothing: not even what came of it.
func TestReplays(t *testing.T) {
	t.Parallel()
	w, b, p := newWorld(t), newBrowser(t), newUser()
	app := w.app("console", "")
	token := w.signIn(t, b, app, apiAudience, p)
	second, err := refresh(t.Context(), app, token.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.RevokeSubject(t.Context(), p.Subject); err != nil {
		t.Fatal(err)
	}
	for name, used := range map[string]string{"the first": token.RefreshToken, "the second": second.RefreshToken} {
		if _, err := refresh(t.Context(), app, used); err == nil {
			t.Errorf("%s refresh token is good after the end", name)
		}
	}
	verifier := oauth2.GenerateVerifier()
	login := b.open(begin(app, apiAudience, verifier))
	next, err := w.AcceptLogin(t.Context(), login.Query().Get("login_challenge"), controlplane.AcceptedLogin{Subject: p.Subject, Remember: true, RememberFor: time.Hour, Context: p.Context})
	if err != nil {
		t.Fatal(err)
	}
	consent := b.open(next).Query().Get("consent_challenge")
	if next, err = w.AcceptConsent(t.Context(), consent, controlplane.AcceptedConsent{Scopes: []string{"openid"}, Audience: []string{apiAudience}}); err != nil {
		t.Fatal(err)
	}
	code := b.open(next).Query().Get("code")
	if _, err := app.Exchange(t.Context(), code, oauth2.VerifierOption(oauth2.GenerateVerifier())); err == nil {
		t.Error("a code without its verifier")
	}
	if _, err := app.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err == nil {
		t.Log("a code is good after a wrong verifier was tried") // the server's choice; RFC 7636 asks for neither
	}
	if _, err := app.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err == nil {
		t.Error("a code is good twice")
	}
	if at := b.open(next); at.Query().Get("code") != "" {
		t.Errorf("the answer to a consent is good twice: %s", at)
	}
}

func TestAServerThatIsAway(t *testing.T) {
	t.Parallel()
	away := newAway(t)
	id := uuid.New()
	_, login := away.Login(t.Context(), "secret-challenge")
	_, machine := away.Machine(t.Context(), "robot")
	for name, err := range map[string]error{"login": login, "machine": machine, "revoke": away.RevokeSubject(t.Context(), id.String())} {
		if fault.CodeOf(err) != fault.Unavailable || strings.Contains(err.Error(), "secret-challenge") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
