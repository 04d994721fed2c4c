package e2e_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// user creates a user of the tenant and returns its id.
func (x tenant) user(t *testing.T, call func(method, path, body string) (int, []byte), role string) string {
	t.Helper()
	status, body := call("POST", "/v1/users", fmt.Sprintf(`{"name":"U","email":"%s@%s.example","role":%q}`, strings.ToLower(rand.Text()), x.Slug, role))
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &made); status != http.StatusCreated || err != nil || made.ID == "" {
		t.Fatalf("user: %d %s", status, body)
	}
	return made.ID
}

// A token is verified by the router, and what its user may do is judged by the
// cell: by the user's role there, which the token's roles and scopes only narrow.
func TestAccessTokensFromRouterToCell(t *testing.T) {
	p := platform(t)
	x, other := signUp(t, p, us), signUp(t, p, us)
	router := p.State().Endpoints.Routers[us].URL
	ownKey := func(method, path, body string) (int, []byte) { return x.call(t, p, us, method, path, body) }
	admin, viewer := x.user(t, ownKey, "admin"), x.user(t, ownKey, "viewer")
	claims := func(subject string, more ...any) map[string]any {
		c := map[string]any{"sub": subject, "tenant_id": x.ID}
		for i := 0; i < len(more); i += 2 {
			c[more[i].(string)] = more[i+1]
		}
		return c
	}
	good := tokens.token(t, claims(admin))
	for name, c := range map[string]struct {
		host, token, method string
		want                int
	}{
		"an admin writes":                {x.Slug, good, "POST", 201},
		"an admin reads at the API host": {"api", good, "GET", 200},
		"a viewer reads":                 {x.Slug, tokens.token(t, claims(viewer)), "GET", 200},
		"a viewer writes":                {x.Slug, tokens.token(t, claims(viewer)), "POST", 403},
		"a viewer who claims a role":     {x.Slug, tokens.token(t, claims(viewer, "roles", []string{"owner"})), "POST", 403},
		"an admin narrowed by role":      {x.Slug, tokens.token(t, claims(admin, "roles", []string{"viewer"})), "POST", 403},
		"an admin narrowed by scope":     {x.Slug, tokens.token(t, claims(admin, "scope", "workspaces:read")), "POST", 403},
		"a machine by its own role":      {x.Slug, tokens.token(t, claims("robot", "client_id", "robot", "roles", []string{"admin"})), "POST", 201},
		"nobody of this tenant":          {x.Slug, tokens.token(t, claims(other.ID)), "GET", 401},
		"another tenant's address":       {other.Slug, good, "GET", 403},
		"another tenant's token":         {x.Slug, tokens.token(t, claims(admin, "tenant_id", other.ID)), "GET", 403},
		"expired":                        {x.Slug, tokens.token(t, claims(admin, "exp", time.Now().Add(-time.Hour).Unix())), "GET", 401},
		"for another audience":           {x.Slug, tokens.token(t, claims(admin, "aud", "https://elsewhere.example")), "GET", 401},
		"by another issuer":              {x.Slug, tokens.token(t, claims(admin, "iss", "https://elsewhere.example")), "GET", 401},
		"forged":                         {x.Slug, good[:len(good)-4] + "AAAA", "GET", 401},
		"unsigned":                       {x.Slug, good[:strings.LastIndex(good, ".")+1], "GET", 401},
	} {
		body := ""
		if c.method == "POST" {
			body = `{"name":"By token ` + rand.Text() + `"}`
		}
		status, answer := send(t, request{method: c.method, url: router + "/v1/workspaces", host: c.host + ".localhost", key: c.token, body: body})
		if status != c.want || c.want >= 400 && !strings.Contains(string(answer), "request_id") {
			t.Errorf("%s: %d, want %d: %s", name, status, c.want, answer)
		}
	}
	if status, body := send(t, request{method: "GET", url: router + "/v1/me", host: x.Slug + ".localhost", key: good}); status != http.StatusOK || !strings.Contains(string(body), admin) {
		t.Errorf("who the admin is: %d %s", status, body)
	}
}
