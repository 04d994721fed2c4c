package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/shared/testkit"
)

// One platform serves the whole package: it takes seconds to start.
var (
	startOnce sync.Once
	shared    *local.Platform
	startErr  error
	traces    = newReceiver()
	tokens    *issuer // whose tokens the router of us accepts; that of eu accepts the platform's own
)

func TestMain(m *testing.M) {
	code := m.Run()
	if shared != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := shared.Nuke(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "e2e: the platform was not removed:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

func platform(t *testing.T) *local.Platform {
	t.Helper()
	startOnce.Do(func() { shared, startErr = startPlatform() })
	if startErr != nil {
		t.Fatalf("the platform did not start: %v", startErr)
	}
	return shared
}

func startPlatform() (*local.Platform, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, ".local", "e2e", fmt.Sprint(os.Getpid()))
	ports, err := local.FreePorts()
	if err != nil {
		return nil, err
	}
	if tokens, err = newIssuer(); err != nil {
		return nil, err
	}
	p, err := local.New(local.Options{Issuers: map[string]local.Issuer{us: tokens.known()}, Root: root, Dir: dir, BinDir: filepath.Join(root, ".local", "bin"), Ports: ports, Traces: traces.server.URL, Watched: true, WithoutTenants: true, Attached: true, Out: os.Stderr})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	return p, p.Up(ctx)
}

// tenant is a signed-up tenant as its owner sees it.
type tenant struct {
	ID, Slug, Cell string
	Key            string
}

const (
	us = "us-central1"
	eu = "europe-west1"
)

func signUp(t *testing.T, p *local.Platform, region string) tenant {
	t.Helper()
	slug := "t" + strings.ToLower(rand.Text()[:12])
	status, body := trySignUp(t, p, slug, region, rand.Text())
	if status != http.StatusCreated {
		t.Fatalf("sign-up in %s: %d %s", region, status, body)
	}
	return tenantOf(t, body)
}

func tenantOf(t *testing.T, body []byte) tenant {
	t.Helper()
	var answer struct {
		Tenant struct {
			ID   string `json:"tenant_id"`
			Slug string `json:"slug"`
			Cell string `json:"cell"`
		} `json:"tenant"`
		APIKey string `json:"api_key"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.APIKey == "" || answer.Tenant.ID == "" {
		t.Fatalf("sign-up's answer: %v: %s", err, body)
	}
	return tenant{ID: answer.Tenant.ID, Slug: answer.Tenant.Slug, Cell: answer.Tenant.Cell, Key: answer.APIKey}
}

func trySignUp(t *testing.T, p *local.Platform, slug, region, idempotencyKey string) (int, []byte) {
	t.Helper()
	body := fmt.Sprintf(`{"organization":"Org %s","slug":%q,"region":%q,"plan":"team","owner":{"name":"Olga","email":"owner@%s.example"}}`, slug, slug, region, slug)
	return send(t, request{method: "POST", url: p.State().Endpoints.ControlPlane.URL + "/v1/signups", body: body, header: map[string]string{"Idempotency-Key": idempotencyKey}})
}

// operator calls the control plane as an admin.
func operator(t *testing.T, p *local.Platform, method, path, body string) (int, []byte) {
	t.Helper()
	e := p.State().Endpoints.ControlPlane
	return send(t, request{method: method, url: e.URL + path, body: body, key: e.Token})
}

// call calls a tenant's API through the router of a region.
func (x tenant) call(t *testing.T, p *local.Platform, region, method, path, body string) (int, []byte) {
	t.Helper()
	return send(t, request{method: method, url: p.State().Endpoints.Routers[region].URL + path, host: x.Slug + ".localhost", body: body, key: x.Key})
}

type request struct {
	method, url, host, body, key string
	header                       map[string]string
}

func send(t *testing.T, r request) (int, []byte) {
	t.Helper()
	status, _, body, err := trySend(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

func trySend(ctx context.Context, r request) (int, http.Header, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader([]byte(r.body)))
	if err != nil {
		return 0, nil, nil, err
	}
	if r.host != "" {
		req.Host = r.host
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		req.Header.Set("Authorization", "Bearer "+r.key)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, body, err
}

// eventuallyServed waits until the tenant is answered 200 through a region.
func eventuallyServed(t *testing.T, p *local.Platform, x tenant, region string) {
	t.Helper()
	testkit.EventuallyOK(t, x.Slug+" served through "+region, func() error {
		status, body := x.call(t, p, region, "GET", "/v1/organization", "")
		if status != http.StatusOK {
			return fmt.Errorf("%d %s", status, body)
		}
		return nil
	})
}
