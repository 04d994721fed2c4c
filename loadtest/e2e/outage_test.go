package e2e_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/shared/testkit"
)

// Everything global dies: tenants that a router knows are served as before,
// also by a router that was restarted meanwhile.
func TestKnownTenantsAreServedWithoutTheControlPlane(t *testing.T) {
	p := platform(t)
	a, b := signUp(t, p, us), signUp(t, p, eu)
	for _, region := range []string{us, eu} {
		eventuallyServed(t, p, a, region)
		eventuallyServed(t, p, b, region)
	}
	awaitOnDisk(t, p, us, a, b)

	global := []string{"controlplane", "pg-control", "nats"}
	for _, part := range global {
		kill(t, p, part)
	}
	t.Cleanup(func() { startAll(t, p, "pg-control", "nats", "controlplane") })

	servedEverywhere(t, p, a, b)
	kill(t, p, "router-us-central1")
	startAll(t, p, "router-us-central1")
	servedEverywhere(t, p, a, b)

	status, header, body, err := trySend(t.Context(), request{method: "GET", url: p.State().Endpoints.Routers[us].URL + "/", host: "never-seen-before.localhost"})
	if err != nil || status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || !strings.Contains(string(body), "request_id") {
		t.Errorf("an unknown tenant: %d %v %s %v", status, header, body, err)
	}

	startAll(t, p, "pg-control", "nats", "controlplane")
	for region, x := range map[string]tenant{us: a, eu: b} { // cells are heard of again one after the other
		testkit.EventuallyOK(t, "sign-ups in "+region+" to work again", func() error {
			status, body := trySignUp(t, p, "back-"+x.Slug, region, "back-"+x.ID)
			if status != http.StatusCreated {
				return fmt.Errorf("%d %s", status, body)
			}
			eventuallyServed(t, p, tenantOf(t, body), eu)
			return nil
		})
	}
}

// awaitOnDisk waits until a router's snapshot on disk has the tenants' slugs.
func awaitOnDisk(t *testing.T, p *local.Platform, region string, tenants ...tenant) {
	t.Helper()
	testkit.EventuallyOK(t, "the snapshot on disk", func() error {
		slugs, err := slugsOnDisk(p.State().Endpoints.Routers[region].Snapshot)
		if err != nil {
			return err
		}
		for _, x := range tenants {
			if !slugs[x.Slug] {
				return fmt.Errorf("%s is not in it", x.Slug)
			}
		}
		return nil
	})
}

func servedEverywhere(t *testing.T, p *local.Platform, tenants ...tenant) {
	t.Helper()
	for _, x := range tenants {
		for _, region := range []string{us, eu} {
			if status, body := x.call(t, p, region, "GET", "/v1/organization", ""); status != http.StatusOK {
				t.Errorf("%s of %s through %s: %d %s", x.Slug, x.Cell, region, status, body)
			}
			if status, body := x.call(t, p, region, "POST", "/v1/workspaces", `{"name":"Written in an outage `+rand.Text()+`"}`); status != http.StatusCreated {
				t.Errorf("%s of %s writes through %s: %d %s", x.Slug, x.Cell, region, status, body)
			}
		}
	}
}

func TestADeadCellFailsOnlyItsOwnTenants(t *testing.T) {
	p := platform(t)
	a, b := signUp(t, p, us), signUp(t, p, eu)
	kill(t, p, "cell-b-api")
	t.Cleanup(func() { startAll(t, p, "cell-b-api") })
	for _, region := range []string{us, eu} {
		if status, body := a.call(t, p, region, "GET", "/v1/organization", ""); status != http.StatusOK {
			t.Errorf("a tenant of cell-a through %s: %d %s", region, status, body)
		}
		status, header, body, err := trySend(t.Context(), request{
			method: "GET", url: p.State().Endpoints.Routers[region].URL + "/v1/organization", host: b.Slug + ".localhost", key: b.Key,
		})
		if err != nil || status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
			t.Errorf("a tenant of cell-b through %s: %d %v %s %v", region, status, header, body, err)
		}
	}
	// New tenants of its region wait; others do not.
	signUp(t, p, us)
	startAll(t, p, "cell-b-api")
	eventuallyServed(t, p, b, us)
}

// A router that dies takes nothing with it: the other one gives the same answers.
func TestADeadRouterIsReplacedByTheOther(t *testing.T) {
	p := platform(t)
	a := signUp(t, p, us)
	kill(t, p, "router-us-central1")
	t.Cleanup(func() { startAll(t, p, "router-us-central1") })
	if status, body := a.call(t, p, eu, "GET", "/v1/organization", ""); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
}

func kill(t *testing.T, p *local.Platform, part string) {
	t.Helper()
	if err := p.Kill(t.Context(), part); err != nil {
		t.Fatal(err)
	}
}

func startAll(t *testing.T, p *local.Platform, parts ...string) {
	t.Helper()
	for _, part := range parts {
		// Also from a cleanup, when the test's own context has ended.
		if err := p.Start(context.WithoutCancel(t.Context()), part); err != nil {
			t.Errorf("start %s: %v", part, err)
		}
	}
}
