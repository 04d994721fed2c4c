package e2e_test

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/loadtest/internal/person"
	"github.com/coditect/platform/shared/testkit"
	"github.com/coditect/platform/shared/totp"
)

// Whatever the platform is told that is secret, by its configuration and by
// requests, good and bad ones, and whatever it tells that is, stands in no log of
// any part and in no span of any trace. It is parallel to come last: what the
// tests before it gave rise to is looked through, too.
func TestNoLogAndNoTraceHasASecret(t *testing.T) {
	t.Parallel()
	p := platform(t)
	s := newPlanted(p)
	s.configured(t)
	owner := signUp(t, p, us)
	s.add("owner's key", owner.Key)
	s.atTheCell(t, owner)
	s.badRequests(t, owner)
	s.atTheControlPlane(t)
	s.atTheIssuer(t)
	s.atTheLogin(t)

	for _, service := range []string{"router", "controlplane", "cell-api", "cell-worker"} {
		testkit.Eventually(t, "spans of the "+service, func() bool { return traces.has(service, s.trace[:]) })
	}
	s.judge(t, "a trace", traces.all())
	logs := 0
	for name, part := range p.State().Parts {
		log, err := os.ReadFile(part.Log)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		logs++
		s.judge(t, "the log of "+name, log)
	}
	if logs < 15 || len(s.known) < 80 {
		t.Errorf("%d logs were looked through for %d secrets", logs, len(s.known))
	}
}

// atTheCell has a tenant's credentials made and used.
func (s *planted) atTheCell(t *testing.T, owner tenant) {
	t.Helper()
	call := func(method, path, body string) []byte {
		t.Helper()
		return s.send(t, request{
			method: method, url: s.p.State().Endpoints.Routers[us].URL + path, host: owner.Slug + ".localhost", body: body, key: owner.Key,
			header: map[string]string{"Idempotency-Key": s.fresh("Idempotency-Key of " + method + " " + path)},
		})
	}
	user := owner.user(t, func(method, path, body string) (int, []byte) { return owner.call(t, s.p, us, method, path, body) }, "admin")
	key := s.from(t, "user's key", call("POST", "/v1/users/"+user+"/keys", `{"name":"K"}`), "secret")
	s.send(t, request{method: "GET", url: s.p.State().Endpoints.Routers[us].URL + "/v1/me", host: owner.Slug + ".localhost", key: key})

	invited := person.Person{At: s.p.State().Endpoints, Email: strings.ToLower(rand.Text()) + "@" + owner.Slug + ".example"}
	call("POST", "/v1/invitations", fmt.Sprintf(`{"email":%q,"role":"viewer"}`, invited.Email))
	token := s.mailed(t, invited, "/invitation")
	call("POST", "/v1/invitations/accept", `{"name":"I","token":"`+s.fresh("invitation's token that is none")+`"}`)
	s.from(t, "invited user's key", call("POST", "/v1/invitations/accept", fmt.Sprintf(`{"name":"I","token":%q}`, token)), "key", "secret")

	nobody, err := url.Parse(invited.At.MailURL)
	if err != nil {
		t.Fatal(err)
	}
	// Nobody listens at port 1: the attempt fails, by an error that has the URL.
	hook := call("POST", "/v1/webhook-endpoints", fmt.Sprintf(`{"url":"http://%s:1/hook?token=%s"}`, nobody.Hostname(), s.fresh("token of a webhook's URL")))
	s.from(t, "webhook's secret", hook, "secret")
	var made struct{ Endpoint struct{ ID string } }
	if err := json.Unmarshal(hook, &made); err != nil {
		t.Fatal(err)
	}
	at := "/v1/webhook-endpoints/" + made.Endpoint.ID
	s.from(t, "webhook's next secret", call("POST", at+"/rotate", ""), "secret")
	call("POST", at+"/ping", "")
	testkit.Eventually(t, "an attempt at the webhook", func() bool {
		return strings.Contains(string(call("GET", at+"/deliveries", "")), `"attempts":1`)
	})
	s.report(t, owner, call)
}

// report has a file made, and loads it by its link.
func (s *planted) report(t *testing.T, owner tenant, call func(method, path, body string) []byte) {
	t.Helper()
	var job struct {
		ID   string
		File struct{ URL string }
	}
	if err := json.Unmarshal(call("POST", "/v1/reports", `{"format":"csv"}`), &job); err != nil || job.ID == "" {
		t.Fatal("no report is made:", err)
	}
	testkit.EventuallyOK(t, "the report", func() error {
		_, answer := owner.call(t, s.p, us, "GET", "/v1/jobs/"+job.ID, "")
		if err := json.Unmarshal(answer, &job); err != nil {
			return err
		}
		if job.File.URL == "" {
			return fmt.Errorf("%s", answer)
		}
		return nil
	})
	s.found(t, "file's link", `[?&]\w+=([^&]+)$`, job.File.URL)
	call("GET", job.File.URL, "")
}

// badRequests have secrets where they do not belong.
func (s *planted) badRequests(t *testing.T, owner tenant) {
	t.Helper()
	for _, r := range []struct{ name, method, target, body, key string }{
		{"query", "GET", "/v1/projects?password=", "", owner.Key},
		{"link that is none", "GET", "/v1/download?token=", "", owner.Key},
		{"key that is none", "GET", "/v1/projects", "", "%s"},
		{"key of another form", "GET", "/v1/projects", "", "cdt_%s"},
		{"refused body", "POST", "/v1/projects", `{"password":"%s"}`, owner.Key},
		{"body that is no JSON", "POST", "/v1/projects", `{"%s`, owner.Key},
		{"GraphQL query", "POST", "/v1/graphql", `{"query":"{ me { %s } }"}`, owner.Key},
		{"password in a webhook's URL", "POST", "/v1/webhook-endpoints", `{"url":"https://user:%s@example.com/"}`, owner.Key},
		{"token in a refused webhook's URL", "POST", "/v1/webhook-endpoints", `{"url":"gopher://example.com/?token=%s"}`, owner.Key},
		{"DSN", "POST", "/v1/webhook-endpoints", `{"url":"postgres://user:%s@db.example.com:5432/cell"}`, owner.Key},
		{"name", "POST", "/v1/users", `{"name":"N","email":"%s","role":"viewer"}`, owner.Key},
	} {
		secret := s.fresh(r.name)
		target := r.target
		if r.body == "" && r.key == owner.Key {
			target += secret
		}
		for _, region := range []string{us, eu} {
			s.send(t, request{
				method: r.method, url: s.p.State().Endpoints.Routers[region].URL + target, host: owner.Slug + ".localhost",
				body: strings.ReplaceAll(r.body, "%s", secret), key: strings.ReplaceAll(r.key, "%s", secret),
			})
		}
	}
	for name, claims := range map[string]map[string]any{
		"token":         {"sub": owner.ID, "tenant_id": owner.ID, "client_id": "robot", "roles": []string{"admin"}},
		"expired token": {"sub": owner.ID, "tenant_id": owner.ID, "exp": time.Now().Add(-time.Hour).Unix()},
	} {
		token := s.add(name, tokens.token(t, claims))
		for _, region := range []string{us, eu} { // eu knows the issuer as little as it knows a forger
			s.send(t, request{method: "GET", url: s.p.State().Endpoints.Routers[region].URL + "/v1/projects", host: owner.Slug + ".localhost", key: token})
		}
	}
}

// atTheControlPlane has operators and Stripe.
func (s *planted) atTheControlPlane(t *testing.T) {
	t.Helper()
	plane := s.p.State().Endpoints.ControlPlane
	name := "k" + strings.ToLower(rand.Text()[:12])
	made := s.send(t, request{method: "POST", url: plane.URL + "/v1/keys", key: plane.Token, body: fmt.Sprintf(`{"name":%q,"role":"viewer"}`, name)})
	key := s.from(t, "operator's new key", made, "secret")
	s.send(t, request{method: "GET", url: plane.URL + "/v1/tenants?token=" + s.fresh("operator's query"), key: key})
	s.send(t, request{method: "DELETE", url: plane.URL + "/v1/keys/" + name, key: plane.Token})
	s.send(t, request{method: "GET", url: plane.URL + "/v1/tenants", key: key}) // revoked
	s.send(t, request{method: "GET", url: plane.URL + "/v1/tenants", key: "ctk_" + s.fresh("operator's key that is none")})
	s.send(t, request{method: "POST", url: plane.URL + "/v1/signups", body: `{"password":"` + s.fresh("refused sign-up") + `"}`, header: map[string]string{"Idempotency-Key": s.fresh("sign-up's Idempotency-Key")}})
	s.send(t, request{
		method: "POST", url: plane.URL + "/v1/webhooks/stripe", body: `{"id":"evt_` + s.fresh("Stripe's event") + `"}`,
		header: map[string]string{"Stripe-Signature": "t=1700000000,v1=" + s.fresh("Stripe's signature")},
	})
	s.send(t, request{method: "GET", url: s.p.State().Endpoints.StripeURL + "/v1/customers", key: "sk_test_" + s.fresh("Stripe's key")})
}

// atTheIssuer has clients of the authorization server.
func (s *planted) atTheIssuer(t *testing.T) {
	t.Helper()
	issuer := s.p.State().Endpoints.Identity.Issuer
	secret := s.p.State().Secrets.Clients["ops-robot"]
	s.add("robot's credentials", base64.StdEncoding.EncodeToString([]byte("ops-robot:"+secret)))
	s.add("robot's token", clientToken(t, s.p, "ops-robot", secret, "platform-operators"))
	wrong := base64.StdEncoding.EncodeToString([]byte("ops-robot:" + s.fresh("client's secret that is none")))
	s.post(t, issuer+"oauth2/token", url.Values{"grant_type": {"client_credentials"}}, map[string]string{"Authorization": "Basic " + s.add("credentials that are none", wrong)})
	s.post(t, issuer+"oauth2/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {"console"}, "refresh_token": {s.fresh("refresh token that is none")}}, nil)
	s.post(t, issuer+"oauth2/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"console"}, "code": {s.fresh("code that is none")}, "code_verifier": {s.fresh("verifier")},
		"redirect_uri": {"http://127.0.0.1/callback"},
	}, nil)
	s.post(t, issuer+"oauth2/revoke", url.Values{"client_id": {"console"}, "token": {s.fresh("revoked token that is none")}}, nil)
}

// atTheLogin has a person with a password and an authenticator app.
func (s *planted) atTheLogin(t *testing.T) {
	t.Helper()
	ctx, at := testkit.Context(t), s.p.State().Endpoints
	slug := "t" + strings.ToLower(rand.Text()[:12])
	who := person.Person{At: at, Slug: slug, Email: "owner@" + slug + ".example", Password: s.fresh("person's password")}
	if err := who.SignUp(ctx); err != nil {
		t.Fatal(err)
	}
	s.mailed(t, who, "/password/reset")
	got, err := who.SignIn(ctx, "console")
	if err != nil {
		t.Fatal(err)
	}
	s.add("person's ID token", got.ID)
	s.add("person's refresh token", got.Refresh)
	for _, region := range []string{us, eu} { // us does not know the platform's own issuer
		s.send(t, request{method: "GET", url: at.Routers[region].URL + "/v1/me", host: slug + ".localhost", key: s.add("person's access token", got.Access)})
	}
	s.post(t, at.Identity.Issuer+"oauth2/token", url.Values{"grant_type": {"refresh_token"}, "client_id": {"console"}, "refresh_token": {got.Refresh}}, nil)

	b, page := s.opened(t, who)
	page = s.formSent(t, b, page, "/account/totp", nil)
	seed := s.found(t, "seed of the authenticator app", `id="secret">([A-Z2-7]+)<`, page.Text)
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(seed)
	if err != nil {
		t.Fatal(err)
	}
	page = s.formSent(t, b, page, "/account/totp/confirm", map[string]string{"code": totp.Code(raw, time.Now())})
	code := s.found(t, "recovery code", `<li><code>([^<]+)</code>`, page.Text)

	b, page = s.opened(t, who)
	page = s.formSent(t, b, page, "/login/totp", map[string]string{"code": s.fresh("code of no authenticator app")})
	page = s.formSent(t, b, page, "/login/method", map[string]string{"method": "kba"})
	page = s.formSent(t, b, page, "/login/recovery", map[string]string{"code": s.fresh("recovery code that is none")})
	s.formSent(t, b, page, "/login/recovery", map[string]string{"code": code})
	cookies, err := b.Cookies(at.Identity.SigninURL)
	if err != nil || len(cookies) == 0 {
		t.Fatal("nobody is signed in:", err)
	}
	for _, c := range cookies {
		s.add("cookie "+c.Name, c.Value)
	}
	who.Password = s.fresh("password that is none")
	if _, err := who.Attempt(ctx, "/t/"+slug); !person.Refused(err) {
		t.Error(err)
	}
	if _, err := b.Get(ctx, at.Identity.SigninURL+"/password/reset?code="+s.fresh("link to a password that is none")); err != nil {
		t.Error(err)
	}
}

// opened is a person's browser after the password.
func (s *planted) opened(t *testing.T, who person.Person) (*person.Browser, person.Page) {
	t.Helper()
	ctx := testkit.Context(t)
	b, err := person.NewBrowser()
	if err != nil {
		t.Fatal(err)
	}
	page, err := b.Get(ctx, who.At.Identity.SigninURL+"/t/"+who.Slug)
	if err != nil {
		t.Fatal(err)
	}
	page, err = b.Send(ctx, page, "password", map[string]string{"email": who.Email, "password": who.Password})
	if err != nil {
		t.Fatal(err)
	}
	return b, page
}

func (s *planted) formSent(t *testing.T, b *person.Browser, on person.Page, path string, values map[string]string) person.Page {
	t.Helper()
	page, err := b.SendTo(testkit.Context(t), on, path, values)
	if err == nil && page.Status >= http.StatusInternalServerError {
		err = errors.New(page.Text)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return page
}

// mailed adds the token of a link in a mail, and returns it.
func (s *planted) mailed(t *testing.T, to person.Person, path string) string {
	t.Helper()
	link, err := to.MailedLink(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return s.found(t, "link to "+path, `=([^=&]+)$`, link)
}
