//go:build browser

package browser_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what authenticator apps compute (RFC 6238)
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// application is an application that has people signed in: the authorization code
// flow with PKCE, and a page to come back to.
type application struct {
	t        *testing.T
	issuer   string
	client   string
	verifier string
	state    string
	page     *httptest.Server
	came     chan url.Values // what the authorization server sent people back with
}

func newApplication(t *testing.T, issuer, client string) *application {
	t.Helper()
	a := &application{t: t, issuer: strings.TrimSuffix(issuer, "/"), client: client, verifier: rand.Text() + rand.Text(), state: rand.Text(), came: make(chan url.Values, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		select {
		case a.came <- r.URL.Query():
		default:
		}
		_, _ = fmt.Fprint(w, "<!doctype html><title>App</title><p>You are back at the application.")
	})
	a.page = httptest.NewServer(mux)
	t.Cleanup(a.page.Close)
	return a
}

// beginning is where the application sends people to sign in.
func (a *application) beginning(tenant, audience, acr string) string {
	sum := sha256.Sum256([]byte(a.verifier))
	query := url.Values{
		"client_id": {a.client}, "response_type": {"code"}, "scope": {"openid offline_access"}, "audience": {audience}, "redirect_uri": {a.page.URL + "/callback"},
		"state": {a.state}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "tenant": {tenant},
	}
	if acr != "" {
		query.Set("acr_values", acr)
	}
	return a.issuer + "/oauth2/auth?" + query.Encode()
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

// back waits for the person and exchanges the code.
func (a *application) back() tokens {
	a.t.Helper()
	select {
	case came := <-a.came:
		if came.Get("state") != a.state || came.Get("code") == "" {
			a.t.Fatalf("came back with %v", came)
		}
		status, got, body := a.token(url.Values{
			"grant_type": {"authorization_code"}, "code": {came.Get("code")}, "redirect_uri": {a.page.URL + "/callback"}, "client_id": {a.client}, "code_verifier": {a.verifier},
		})
		if status != http.StatusOK || got.Access == "" || got.ID == "" {
			a.t.Fatalf("code: %d %s", status, body)
		}
		return got
	case <-time.After(stepLimit):
		a.t.Fatal("nobody came back")
		return tokens{}
	}
}

func (a *application) refresh(refresh string) (int, tokens, []byte) {
	a.t.Helper()
	return a.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "client_id": {a.client}})
}

func (a *application) token(form url.Values) (int, tokens, []byte) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.issuer+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	var raw json.RawMessage
	var got tokens
	if err := json.NewDecoder(resp.Body).Decode(&raw); err != nil {
		a.t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		a.t.Fatal(err)
	}
	return resp.StatusCode, got, raw
}

// authenticator computes what an authenticator app would show: of the next half
// minute, so that a code is good which comes soon after another.
func authenticator(t *testing.T, secret string, ahead int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(strings.ToUpper(strings.ReplaceAll(secret, " ", "")), "="))
	if err != nil {
		t.Fatal(err)
	}
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(time.Now().Unix()/30+ahead))
	mac := hmac.New(sha1.New, key)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}
