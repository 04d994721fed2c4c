package hydra_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/coditect/platform/shared/testkit"
)

// enter signs somebody in at the portal and at the partner, which asks, and returns
// the tokens of both.
func (l *lobby) enter(v *visitor, email string) (portal, partner *oauth2.Token) {
	v.t.Helper()
	verifier := oauth2.GenerateVerifier()
	app := l.app("portal", "")
	portal = v.open(begin(app, apiAudience, verifier)).logIn(email).tokens(app, verifier)
	app = l.app("partner", "guest-secret")
	v.open(begin(app, apiAudience, verifier))
	if v.at.Path == "/consent" {
		v.send("/consent", "decision", "allow")
	}
	return portal, v.tokens(app, verifier)
}

func sessionOf(t *testing.T, token *oauth2.Token) string {
	t.Helper()
	idToken, _ := token.Extra("id_token").(string)
	sid, _ := payload(t, idToken)["sid"].(string)
	if sid == "" {
		t.Fatal("the id token names no session")
	}
	return sid
}

// wantNotices waits until both applications were told of a session's end, and
// verifies what they were told as OpenID Connect Back-Channel Logout §2.6 asks.
func (l *lobby) wantNotices(t *testing.T, session string) {
	t.Helper()
	testkit.Eventually(t, "both applications are told", func() bool { return len(noticesOf(t, session)) == 2 })
	for client, token := range noticesOf(t, session) {
		l.verify(t, token)
		claims := payload(t, token)
		events, _ := claims["events"].(map[string]any)
		_, event := events["http://schemas.openid.net/event/backchannel-logout"]
		_, nonce := claims["nonce"]
		issued, _ := claims["iat"].(float64)
		if claims["iss"] != l.server.Issuer || fmt.Sprint(claims["aud"]) != fmt.Sprint([]string{client}) || !event || nonce || claims["jti"] == nil ||
			time.Since(time.Unix(int64(issued), 0)).Abs() > time.Minute {
			t.Errorf("%s is told %v", client, claims)
		}
	}
}

// verify checks a token's signature with the key that it names.
func (l *lobby) verify(t *testing.T, token string) {
	t.Helper()
	var set struct {
		Keys []struct{ KID, N, E string }
	}
	getJSON(t, l.server.JWKSURL(), &set)
	signed, signature, _ := strings.Cut(token[strings.IndexByte(token, '.')+1:], ".")
	signed = token[:strings.IndexByte(token, '.')+1] + signed
	raw, err := decode(signature)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range set.Keys {
		if key.KID != kid(token) {
			continue
		}
		n, wrongN := decode(key.N)
		e, wrongE := decode(key.E)
		digest := sha256.Sum256([]byte(signed))
		public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		if err := errors.Join(wrongN, wrongE, rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], raw)); err != nil {
			t.Errorf("the signature: %v", err)
		}
		return
	}
	t.Errorf("signed with %q, which is not published", kid(token))
}

func TestApplicationsAreToldOfALogout(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	l.newcomer(t, "ann@acme.example")
	v := l.visitor(t)
	_, partner := l.enter(v, "ann@acme.example")
	session := sessionOf(t, partner)
	if len(noticesOf(t, session)) > 0 {
		t.Fatal("applications were told before")
	}
	idToken, _ := partner.Extra("id_token").(string)
	v.open(l.server.PublicURL() + "/oauth2/sessions/logout?" + url.Values{"id_token_hint": {idToken}, "post_logout_redirect_uri": {"http://127.0.0.1/signed-out"}, "state": {"s"}}.Encode())
	if v.at.String() != "http://127.0.0.1/signed-out?state=s" {
		t.Errorf("sent to %s\n%s", v.at, v.page)
	}
	l.wantNotices(t, session)
	v.open(begin(l.app("portal", ""), apiAudience, oauth2.GenerateVerifier())).sees("/login")
}

// Whoever ends sessions from another browser ends them in the applications, too.
func TestApplicationsAreToldWhenSessionsEnd(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	l.newcomer(t, "bob@acme.example")
	laptop, phone, desk := l.visitor(t), l.visitor(t), l.visitor(t)
	_, atLaptop := l.enter(laptop, "bob@acme.example")
	_, atPhone := l.enter(phone, "bob@acme.example")
	_, atDesk := l.enter(desk, "bob@acme.example")
	sessions := []string{sessionOf(t, atLaptop), sessionOf(t, atPhone), sessionOf(t, atDesk)}
	if slices.Sort(sessions); len(slices.Compact(sessions)) != 3 {
		t.Fatalf("three browsers have %v", sessions)
	}

	// One of the others: the one that the page shows first.
	laptop.open(l.server.Pages+"/account").sees("/account", "Where you are signed in")
	_, row, _ := strings.Cut(laptop.page, `name="session" value="`)
	session, _, _ := strings.Cut(row, `"`)
	laptop.send("/account/sessions/end", "session", session).sees("/account")
	ended := func() (ended []string) {
		for _, token := range []*oauth2.Token{atLaptop, atPhone, atDesk} {
			if len(noticesOf(t, sessionOf(t, token))) > 0 {
				ended = append(ended, sessionOf(t, token))
			}
		}
		return ended
	}
	testkit.Eventually(t, "applications are told", func() bool { return len(ended()) > 0 })
	if of := ended(); len(of) != 1 || of[0] == sessionOf(t, atLaptop) {
		t.Errorf("told of the end of %v", of)
	}
	l.wantNotices(t, ended()[0])

	laptop.open(l.server.Pages + "/account").sees("/account")
	laptop.send("/account/sessions/end-all").sees("/signed-out")
	for _, token := range []*oauth2.Token{atLaptop, atPhone, atDesk} {
		l.wantNotices(t, sessionOf(t, token))
		if _, err := refresh(t.Context(), l.app("partner", "guest-secret"), token.RefreshToken); err == nil {
			t.Error("a refresh token outlives its session")
		}
	}
}

// Somebody else's application asks once, says for what, and is told when it may not.
func TestConsentIsAskedOnce(t *testing.T) {
	t.Parallel()
	l := newLobby(t)
	cem := l.newcomer(t, "cem@acme.example")
	v := l.visitor(t)
	reads, writes := l.app("partner", "guest-secret", "projects:read"), l.app("partner", "guest-secret", "projects:read", "projects:write")
	verifier := oauth2.GenerateVerifier()

	v.open(begin(reads, apiAudience, verifier)).logIn("cem@acme.example").sees("/consent", "Partner &amp; Sons", "cem@acme.example", "Acme", "see your projects", "go on while you are not there")
	if strings.Contains(v.page, "change your projects") {
		t.Error("more is shown than was asked for")
	}
	v.send("/consent", "decision", "deny")
	if q := v.at.Query(); !strings.HasPrefix(v.at.String(), back) || q.Get("error") != "access_denied" || q.Get("code") != "" || q.Get("state") != "state-of-the-application" {
		t.Fatalf("refused: %s", v.at)
	}
	v.open(begin(reads, apiAudience, verifier)).sees("/consent") // a refusal is not remembered
	token := v.send("/consent", "decision", "allow").tokens(reads, verifier)
	wantClaims(t, token.AccessToken, map[string]any{"client_id": "partner", "scp": []string{"openid", "offline_access", "projects:read"}, "sub": cem.ID})

	v.open(begin(reads, apiAudience, verifier)).tokens(reads, verifier) // nothing is asked
	other := l.visitor(t)
	other.open(begin(reads, apiAudience, verifier)).logIn("cem@acme.example").tokens(reads, verifier)
	v.open(begin(writes, apiAudience, verifier)).sees("/consent", "change your projects")

	// The account page shows what was allowed, and takes it back.
	v.open(l.server.Pages+"/account").sees("/account", "Partner &amp; Sons", "see your projects")
	v.send("/account/applications/withdraw", "application", "partner").sees("/account")
	if strings.Contains(v.page, "Partner") {
		t.Error("what was withdrawn stands on the page")
	}
	if _, err := refresh(t.Context(), reads, token.RefreshToken); err == nil {
		t.Error("a refresh token outlives what was withdrawn")
	}
	token = v.open(begin(reads, apiAudience, verifier)).sees("/consent").send("/consent", "decision", "allow").tokens(reads, verifier)

	// Who signs out everywhere takes back what was allowed.
	v.open(l.server.Pages + "/account").sees("/account")
	v.send("/account/sessions/end-all").sees("/signed-out")
	if _, err := refresh(t.Context(), reads, token.RefreshToken); err == nil {
		t.Error("a refresh token outlives the consent")
	}
	v.open(begin(reads, apiAudience, verifier)).logIn("cem@acme.example").sees("/consent", "see your projects")
}
