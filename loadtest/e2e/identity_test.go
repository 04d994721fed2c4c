package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/shared/testkit"
)

// clientToken has a client ask the platform's own issuer for a token.
func clientToken(t *testing.T, p *local.Platform, id, secret, audience string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "audience": {audience}}
	if audience == "platform-operators" {
		form.Set("scope", "operate")
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.State().Endpoints.Identity.Issuer+"oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(id, secret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("token of %s: %s, %v", id, response.Status, err)
	}
	return answer.Token
}

// Tokens of the platform's own issuer: a tenant's machine at the router, a
// watching program at the control plane; and clients are what files say.
func TestTheIssuersTokens(t *testing.T) {
	p := platform(t)
	x, other := signUp(t, p, eu), signUp(t, p, eu)
	// The platform's clients, and one of the tenant's.
	dir, secret := t.TempDir(), "the machine's own secret"
	if err := os.CopyFS(dir, os.DirFS("../../deploy/local/clients")); err != nil {
		t.Fatal(err)
	}
	machine := fmt.Sprintf("name: M\ngrants: [client_credentials]\naudience: [platform-api]\nsecret_env: MACHINE_SECRET\nmachine: {tenant_id: %s, roles: [admin]}\n", x.ID)
	if err := os.WriteFile(filepath.Join(dir, "machine.yaml"), []byte(machine), 0o600); err != nil {
		t.Fatal(err)
	}
	clients := p.State().Secrets.Clients
	sync := exec.CommandContext(testkit.Context(t), filepath.Join(p.BinDir(), "controlplane"), "identity", "clients", "sync", "--yes", "--dir", dir,
		"--hydra-admin-url", p.State().Endpoints.Identity.AdminURL)
	sync.Env = append(os.Environ(), "MACHINE_SECRET="+secret, "DEMO_APP_SECRET="+clients["demo-app"], "OPS_ROBOT_SECRET="+clients["ops-robot"])
	if printed, err := sync.CombinedOutput(); err != nil || !strings.Contains(string(printed), "1 changes made") {
		t.Fatalf("%v\n%s", err, printed)
	}
	token := clientToken(t, p, "machine", secret, "platform-api")
	router := p.State().Endpoints.Routers[eu].URL
	for name, c := range map[string]struct {
		host, method string
		want         int
	}{
		"reads":                    {x.Slug, "GET", 200},
		"writes":                   {x.Slug, "POST", 201},
		"at the API host":          {"api", "GET", 200},
		"another tenant's address": {other.Slug, "GET", 403},
	} {
		body := ""
		if c.method == "POST" {
			body = `{"name":"Made by a machine"}`
		}
		if status, answer := send(t, request{method: c.method, url: router + "/v1/workspaces", host: c.host + ".localhost", key: token, body: body}); status != c.want {
			t.Errorf("%s: %d, want %d: %s", name, status, c.want, answer)
		}
	}
	robot := clientToken(t, p, "ops-robot", clients["ops-robot"], "platform-operators")
	plane := p.State().Endpoints.ControlPlane.URL
	if status, body := send(t, request{method: "GET", url: plane + "/v1/whoami", key: robot}); status != http.StatusOK || !strings.Contains(string(body), `"client:ops-robot"`) {
		t.Errorf("who the robot is: %d %s", status, body)
	}
	for name, key := range map[string]string{"a tenant's token": token, "another issuer's": tokens.token(t, map[string]any{"sub": "robot", "aud": "platform-operators", "role": "admin", "scope": "operate"})} {
		if status, body := send(t, request{method: "GET", url: plane + "/v1/cells", key: key}); status != http.StatusUnauthorized {
			t.Errorf("%s at the control plane: %d %s", name, status, body)
		}
	}
	if status, body := send(t, request{method: "GET", url: router + "/v1/workspaces", host: x.Slug + ".localhost", key: robot}); status != http.StatusUnauthorized {
		t.Errorf("an operators' token at the router: %d %s", status, body)
	}
}
