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

// SignIn signs the person in at an application, by the authorization code flow
// with PKCE, and returns what the application gets.
func (p Person) SignIn(ctx context.Context, client string) (Tokens, error) {
	b, err := NewBrowser()
	if err != nil {
		return Tokens{}, err
	}
	b.back = callback
	verifier, state := rand.Text()+rand.Text(), rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	issuer := strings.TrimSuffix(p.At.Identity.Issuer, "/")
	page, err := b.Get(ctx, issuer+"/oauth2/auth?"+url.Values{
		"client_id": {client}, "response_type": {"code"}, "scope": {"openid offline_access"}, "audience": {p.At.Identity.Audience}, "redirect_uri": {callback},
		"state": {state}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "tenant": {p.Slug},
	}.Encode())
	if err != nil {
		return Tokens{}, err
	}
	if page, err = b.Send(ctx, page, "password", map[string]string{"email": p.Email, "password": p.Password}); err != nil {
		return Tokens{}, err
	}
	came := page.URL.Query()
	if !strings.HasPrefix(page.URL.String(), callback) || came.Get("state") != state || came.Get("code") == "" {
		return Tokens{}, fmt.Errorf("sign in at %s: came to %s (%d): %s", client, page.URL, page.Status, page.Text)
	}
	return exchange(ctx, issuer, url.Values{
		"grant_type": {"authorization_code"}, "code": {came.Get("code")}, "redirect_uri": {callback}, "client_id": {client}, "code_verifier": {verifier},
	})
}

func exchange(ctx context.Context, issuer string, form url.Values) (Tokens, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, issuer+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return Tokens{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
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
		return Tokens{}, fmt.Errorf("tokens: %d %s: %s", resp.StatusCode, got.Error, got.Description)
	}
	return got.Tokens, nil
}
