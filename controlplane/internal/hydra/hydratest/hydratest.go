// Package hydratest signs people in at a Hydra, for tests: a browser that keeps
// cookies, and a login application that lets everybody in.
package hydratest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/hydra"
)

// Browser keeps cookies and goes where it is sent, a step at a time.
type Browser struct{ http *http.Client }

// NewBrowser returns a browser without cookies.
func NewBrowser() *Browser {
	jar, _ := cookiejar.New(nil) // fails never, by its documentation
	return &Browser{&http.Client{
		Jar: jar, Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Open opens a page and returns where the browser is sent from there: the query
// of the address says why.
func (b *Browser) Open(ctx context.Context, page string) (*url.URL, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return nil, err
	}
	response, err := b.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	to, err := response.Location()
	if err != nil {
		return nil, fmt.Errorf("%s: %s, %w", page, response.Status, err)
	}
	return to, nil
}

// Person is somebody who signs in.
type Person struct {
	Subject string
	Context controlplane.LoginContext
}

// SignIn opens the page by which an application begins, signs the person in,
// agrees to all that is asked for, and returns where the application is answered.
// The consent that was asked for goes to seen, if that is not nil.
func SignIn(ctx context.Context, flows *hydra.Client, b *Browser, page string, p Person, seen func(controlplane.ConsentRequest)) (*url.URL, error) {
	at, err := b.Open(ctx, page)
	if err != nil {
		return nil, err
	}
	next, err := flows.AcceptLogin(ctx, at.Query().Get("login_challenge"), controlplane.AcceptedLogin{
		Subject: p.Subject, Remember: true, RememberFor: time.Hour, ACR: controlplane.ACRPassword, AMR: []string{controlplane.AMRPassword}, Context: p.Context,
	})
	if err != nil {
		return nil, fmt.Errorf("at %s: %w", at, err)
	}
	if at, err = b.Open(ctx, next); err != nil {
		return nil, err
	}
	consent, err := flows.Consent(ctx, at.Query().Get("consent_challenge"))
	if err != nil {
		return nil, fmt.Errorf("at %s: %w", at, err)
	}
	if seen != nil {
		seen(consent)
	}
	next, err = flows.AcceptConsent(ctx, consent.Challenge, controlplane.AcceptedConsent{
		Scopes: consent.Scopes, Audience: consent.Audience, Claims: map[string]any{"email": "ann@example.org"},
	})
	if err != nil {
		return nil, err
	}
	return b.Open(ctx, next)
}
