package e2e_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/loadtest/internal/person"
)

// newcomer is the owner of a tenant of its own, who signs in with a password.
func newcomer(t *testing.T, p *local.Platform) person.Person {
	t.Helper()
	slug := "t" + strings.ToLower(rand.Text()[:12])
	who := person.Person{At: p.State().Endpoints, Slug: slug, Email: "owner@" + slug + ".example", Password: "a password of " + slug}
	if err := who.SignUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return who
}

// seat is a browser of somebody's, and what applications were given in it.
type seat struct {
	t       *testing.T
	who     person.Person
	browser *person.Browser
	tokens  map[string]person.Tokens // by client
}

func newSeat(t *testing.T, who person.Person) *seat {
	t.Helper()
	b, err := person.NewBrowser()
	if err != nil {
		t.Fatal(err)
	}
	return &seat{t, who, b, map[string]person.Tokens{}}
}

// enter signs in at an application and reports whether consent was asked for.
func (s *seat) enter(app person.Application) (asked bool) {
	s.t.Helper()
	got, asked, err := s.who.Enter(s.t.Context(), s.browser, app)
	if err != nil {
		s.t.Fatal(err)
	}
	s.tokens[app.Client] = got
	return asked
}

// renews checks whether an application can renew what it was given here.
func (s *seat) renews(app person.Application, when string, want bool) {
	s.t.Helper()
	got, err := s.who.Refresh(s.t.Context(), app, s.tokens[app.Client].Refresh)
	var denied *person.Denial
	switch {
	case err == nil:
		s.tokens[app.Client] = got
		if !want {
			s.t.Errorf("%s: %s renews its tokens", when, app.Client)
		}
	case !errors.As(err, &denied):
		s.t.Fatalf("%s: %s: %v", when, app.Client, err)
	case want:
		s.t.Errorf("%s: %s: %v", when, app.Client, err)
	}
}

// account opens the account page, and sends a form of it.
func (s *seat) account(path string, values map[string]string) person.Page {
	s.t.Helper()
	page, err := s.browser.Get(s.t.Context(), s.who.At.Identity.SigninURL+"/account")
	if err == nil && path != "" {
		page, err = s.browser.SendTo(s.t.Context(), page, path, values)
	}
	if err != nil || page.Status != http.StatusOK || page.URL.Path != "/account" {
		s.t.Fatalf("%s: %v, at %s (%d): %s", path, err, page.URL, page.Status, page.Text)
	}
	return page
}

// api calls the tenant's API as the person, through the router that takes the
// platform's own tokens.
func (s *seat) api(method, path string, want int) []byte {
	s.t.Helper()
	status, body := send(s.t, request{method: method, url: s.who.At.Routers[eu].URL + path, host: s.who.Slug + ".localhost", key: s.tokens[console.Client].Access})
	if status != want {
		s.t.Fatalf("%s %s: %d %s", method, path, status, body)
	}
	return body
}

// session returns the one that was begun last.
func (s *seat) session() (user, session string) {
	s.t.Helper()
	var me struct {
		ID string `json:"user_id"`
	}
	if err := json.Unmarshal(s.api("GET", "/v1/me", http.StatusOK), &me); err != nil {
		s.t.Fatal(err)
	}
	var list struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	if err := json.Unmarshal(s.api("GET", "/v1/users/"+me.ID+"/sessions", http.StatusOK), &list); err != nil || len(list.Items) == 0 {
		s.t.Fatalf("%v: no sessions", err)
	}
	return me.ID, list.Items[len(list.Items)-1].ID
}

var console = person.Application{Client: "console"}

// demo is somebody else's application.
func demo(p *local.Platform) person.Application {
	return person.Application{Client: "demo-app", Secret: p.State().Secrets.Clients["demo-app"], Scopes: []string{"projects:read"}}
}

// What an application was allowed is withdrawn on the account page: it renews no
// token and has to ask again, and others notice nothing.
func TestConsentIsWithdrawn(t *testing.T) {
	p := platform(t)
	s, theirs := newSeat(t, newcomer(t, p)), demo(p)
	if !s.enter(theirs) {
		t.Fatal("nobody was asked")
	}
	if s.enter(console) {
		t.Error("asked about an application of ours")
	}
	s.renews(theirs, "allowed", true)
	if s.enter(theirs) {
		t.Error("asked twice")
	}
	elsewhere := newSeat(t, s.who)
	if elsewhere.enter(theirs) {
		t.Error("asked again in another browser")
	}
	if err := s.account("", nil).Says("Demo application"); err != nil {
		t.Fatal(err)
	}
	page := s.account("/account/applications/withdraw", map[string]string{"application": theirs.Client})
	if err := page.Says("Demo application"); err == nil {
		t.Error("what was withdrawn stands on the page")
	}
	s.renews(theirs, "withdrawn", false)
	elsewhere.renews(theirs, "withdrawn in another browser", false)
	s.renews(console, "another application's consent withdrawn", true)
	if !s.enter(theirs) {
		t.Error("nobody was asked again")
	}
	s.renews(theirs, "allowed again", true)
}

// Whoever ends a session ends what applications were given in it, at their next
// refresh, and nothing else. Signing out ends what our own applications have;
// others' go on as they were allowed to.
func TestAnEndedSessionRenewsNoToken(t *testing.T) {
	p := platform(t)
	who, theirs := newcomer(t, p), demo(p)
	begin := func() *seat {
		s := newSeat(t, who)
		s.enter(console)
		s.enter(theirs)
		s.renews(console, "begun", true)
		s.renews(theirs, "begun", true)
		return s
	}
	laptop, phone := begin(), begin()
	user, session := laptop.session()
	laptop.api("DELETE", "/v1/users/"+user+"/sessions/"+session, http.StatusNoContent)
	phone.renews(console, "ended by the API", false)
	phone.renews(theirs, "ended by the API", false)
	laptop.renews(console, "the other was ended", true)
	laptop.renews(theirs, "the other was ended", true)

	desk := begin()
	_, session = laptop.session()
	laptop.account("/account/sessions/end", map[string]string{"session": session})
	desk.renews(console, "ended on the account page", false)
	desk.renews(theirs, "ended on the account page", false)
	laptop.renews(console, "the other was ended", true)

	tablet := begin()
	page, err := tablet.browser.Get(t.Context(), who.At.Identity.SigninURL+"/logout")
	if err == nil {
		page, err = tablet.browser.SendTo(t.Context(), page, "/logout", nil)
	}
	if err != nil || page.Says("Signed out") != nil {
		t.Fatalf("%v: %s (%d) %s", err, page.URL, page.Status, page.Text)
	}
	tablet.renews(console, "signed out", false)
	tablet.renews(theirs, "signed out", true)

	laptop.api("DELETE", "/v1/users/"+user+"/sessions", http.StatusNoContent)
	for name, s := range map[string]*seat{"laptop": laptop, "tablet": tablet} {
		s.renews(theirs, "all ended, "+name, false)
	}
	laptop.renews(console, "all ended", false)
}
