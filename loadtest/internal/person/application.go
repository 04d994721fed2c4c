package person

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// callback is where the application of these tests has people come back to;
// nobody listens there, since the browser is its own.
const callback = "http://127.0.0.1/callback"

// Tokens are what an application gets.
type Tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

// Application is one that has people sign in.
type Application struct {
	Client string
	Secret string   // "": it has none
	Scopes []string // beside openid and offline_access
}

// SignIn signs the person in at an application of ours, with a browser that knows
// nothing yet, and returns what the application gets.
func (p Person) SignIn(ctx context.Context, client string) (Tokens, error) {
	b, err := NewBrowser()
	if err != nil {
		return Tokens{}, err
	}
	got, _, err := p.Enter(ctx, b, Application{Client: client})
	return got, err
}

// Enter signs the person in at an application, by the authorization code flow with
// PKCE, and returns what the application gets. The password is shown and consent
// given if they are asked for; asked says whether consent was.
func (p Person) Enter(ctx context.Context, b *Browser, app Application) (got Tokens, asked bool, err error) {
	b.back = callback
	verifier, state := rand.Text()+rand.Text(), rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	issuer := strings.TrimSuffix(p.At.Identity.Issuer, "/")
	page, err := b.Get(ctx, issuer+"/oauth2/auth?"+url.Values{
		"client_id": {app.Client}, "response_type": {"code"}, "scope": {strings.Join(append([]string{"openid", "offline_access"}, app.Scopes...), " ")},
		"audience": {p.At.Identity.Audience}, "redirect_uri": {callback},
		"state": {state}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "tenant": {p.Slug},
	}.Encode())
	if err == nil && (page.URL.Path == "/login" || strings.HasPrefix(page.URL.Path, "/t/")) {
		page, err = b.Send(ctx, page, "password", map[string]string{"email": p.Email, "password": p.Password})
	}
	if err == nil && page.URL.Path == "/consent" {
		asked = true
		page, err = b.SendTo(ctx, page, "/consent", map[string]string{"decision": "allow"})
	}
	if err != nil {
		return Tokens{}, asked, err
	}
	came := page.URL.Query()
	if !strings.HasPrefix(page.URL.String(), callback) || came.Get("state") != state || came.Get("code") == "" {
		return Tokens{}, asked, fmt.Errorf("sign in at %s: came to %s (%d): %s", app.Client, page.URL, page.Status, page.Text)
	}
	got, err = p.exchange(ctx, app, url.Values{
		"grant_type": {"authorization_code"}, "code": {came.Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier},
	})
	return got, asked, err
}

// Refresh has an application renew what it got. A refusal is a [*Denial].
func (p Person) Refresh(ctx context.Context, app Application, refresh string) (Tokens, error) {
	return p.exchange(ctx, app, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
}

// Denial is what an application is told that gets no tokens (RFC 6749 §5.2).
type Denial struct {
	Status      int
	Code        string
	Description string
}

func (d *Denial) Error() string {
	return fmt.Sprintf("tokens: %d %s: %s", d.Status, d.Code, d.Description)
}

func (p Person) exchange(ctx context.Context, app Application, form url.Values) (Tokens, error) {
	if app.Secret == "" {
		form.Set("client_id", app.Client)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(p.At.Identity.Issuer, "/")+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return Tokens{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if app.Secret != "" {
		req.SetBasicAuth(url.QueryEscape(app.Client), url.QueryEscape(app.Secret))
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return Tokens{}, err
	}
	defer resp.Body.Close()
	var got struct {
		Tokens
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		return Tokens{}, err
	}
	if resp.StatusCode != http.StatusOK || got.Access == "" {
		return Tokens{}, &Denial{resp.StatusCode, got.Error, got.Description}
	}
	return got.Tokens, nil
}
