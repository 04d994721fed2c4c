//go:build browser

package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/coditect/platform/shared/testkit"
)

const (
	email    = "bill@initech.example"
	secret   = "a stapler that is red" //nolint:gosec // of a person who is not there
	clientID = "console"
)

// One person's whole way: sign up, confirm the address, set up a second step,
// sign in at an application with it, call the API, buy a plan, see the invoice,
// leave.
func TestFromSignUpToSignOut(t *testing.T) {
	p := start(t)
	at := p.State().Endpoints
	c := open(t)

	c.do("the sign-up page", chromedp.Navigate(at.Identity.SigninURL+"/signup"))
	c.fill("sign up", "organization", "Initech", "slug", "initech", "name", "Bill", "email", email)
	c.expect("Look into your mail")
	c.do("the link in the mail", chromedp.Navigate(mailedLink(t, p, email, "/password/reset")))
	c.fill("first password", "password", secret)
	c.expect("The password is set")

	c.do("the tenant's sign-in page", chromedp.Navigate(at.Identity.SigninURL+"/t/initech"))
	c.fill("wrong password", "email", email, "password", "not this one")
	c.expect("not right")
	c.fill("sign in", "email", email, "password", secret)
	c.expect("Your account")
	c.click("set up an authenticator app", `form[action="/account/totp"] button`)
	var key string
	c.do("the key", chromedp.Text("#secret", &key))
	c.fill("the first code", "code", authenticator(t, key, 0))
	c.expect("shown only now")
	var kept string
	c.do("a recovery code", chromedp.Text(".codes code", &kept))

	// An application that wants two steps; the browser is signed in with one.
	app := newApplication(t, at.Identity.Issuer, clientID)
	c.do("the application", chromedp.Navigate(app.beginning("initech", at.Identity.Audience, "urn:coditect:acr:mfa")))
	c.fill("password for the application", "email", email, "password", secret)
	c.expect("Second step")
	c.fill("code for the application", "code", authenticator(t, key, 1))
	c.expect("You are back at the application.")
	got := app.back()
	router := at.Routers["us-central1"].URL
	if status, body := send(t, http.MethodGet, router+"/v1/me", "initech.localhost", got.Access, ""); status != http.StatusOK || !strings.Contains(string(body), `"role":"owner"`) {
		t.Fatalf("the API with the token: %d %s", status, body)
	}

	// The browser is remembered: nobody is asked.
	again := newApplication(t, at.Identity.Issuer, clientID)
	c.do("the application again", chromedp.Navigate(again.beginning("initech", at.Identity.Audience, "")))
	c.expect("You are back at the application.")
	again.back()

	buy(t, p.State().Endpoints.ControlPlane.URL, p.State().Endpoints.ControlPlane.Token, c)

	// The application signs the person out: everywhere.
	c.do("leave", chromedp.Navigate(app.issuer+"/oauth2/sessions/logout?"+url.Values{"id_token_hint": {got.ID}}.Encode()))
	c.expect("You are signed out in this browser.")
	c.do("the account page", chromedp.Navigate(at.Identity.SigninURL+"/account"))
	c.expect("I have forgotten my password")
	last := newApplication(t, at.Identity.Issuer, clientID)
	c.do("the application after that", chromedp.Navigate(last.beginning("initech", at.Identity.Audience, "")))
	c.expect("To go on to")

	passkey(c, at.Identity.SigninURL, kept)
}

// passkey has the person, whose phone is lost, sign in with a recovery code, add a
// passkey, and sign in with that.
func passkey(c *chromium, signin, kept string) {
	c.t.Helper()
	toStep := func() {
		c.t.Helper()
		c.do("the tenant's sign-in page", chromedp.Navigate(signin+"/t/initech"))
		c.fill("sign in", "email", email, "password", secret)
		c.expect("Second step")
	}
	toStep()
	c.click("without the phone", `form[action="/login/method"] button[value="kba"]`)
	c.fill("the recovery code", "code", kept)
	c.expect("Your account")
	c.do("a security key", webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}).Do(ctx)
		return err
	}))
	c.click("add a passkey", `form[action="/account/passkeys"] button`)
	c.fill("its name", "name", "Laptop")
	c.expect("Laptop")
	toStep()
	c.click("the passkey", `form[action="/login/passkey"] button`)
	c.expect("Your account")
}

// buy buys the tenant a larger plan on Stripe's page, and waits for the invoice.
func buy(t *testing.T, control, token string, c *chromium) {
	t.Helper()
	status, body := send(t, http.MethodGet, control+"/v1/tenants?slug=initech", "", token, "")
	var tenants struct {
		Items []struct {
			ID   string `json:"tenant_id"`
			Plan string `json:"plan"`
		} `json:"tenants"`
	}
	if err := json.Unmarshal(body, &tenants); err != nil || status != http.StatusOK || len(tenants.Items) != 1 {
		t.Fatalf("the tenant: %d %s", status, body)
	}
	of := control + "/v1/tenants/" + tenants.Items[0].ID
	status, body = send(t, http.MethodPost, of+"/billing/checkout", "", token,
		`{"plan":"team","interval":"month","success_url":"http://initech.localhost/","cancel_url":"http://initech.localhost/"}`)
	var checkout struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(body, &checkout); err != nil || status != http.StatusCreated {
		t.Fatalf("checkout: %d %s", status, body)
	}
	c.do("Stripe's page", chromedp.Navigate(checkout.URL), chromedp.WaitVisible("form button"), chromedp.Click("form button"))
	testkit.EventuallyOK(t, "the tenant's larger plan, and its invoice", func() error {
		_, tenant := send(t, http.MethodGet, of, "", token, "")
		status, invoices := send(t, http.MethodGet, of+"/billing/invoices", "", token, "")
		if status != http.StatusOK || !strings.Contains(string(tenant), `"plan":"team"`) || !strings.Contains(string(invoices), `"number"`) {
			return fmt.Errorf("%d %s; %s", status, invoices, tenant)
		}
		return nil
	})
}
