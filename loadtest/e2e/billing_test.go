package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/coditect/platform/shared/testkit"
)

// A tenant's owner buys a plan at the tenant's own address, and sees it; nobody
// else of the tenant may, and nobody of another tenant.
func TestATenantsOwnerBuysAPlan(t *testing.T) {
	p := platform(t)
	x, other := signUp(t, p, us), signUp(t, p, us)
	ask := func(method, path, key, body string) (int, []byte) {
		return send(t, request{method: method, url: p.State().Endpoints.Routers[us].URL + path, host: x.Slug + ".localhost", key: key, body: body})
	}
	back := p.State().Endpoints.ControlPlane.URL + "/v1/plans" // a page that is there
	order := fmt.Sprintf(`{"plan":"team","interval":"month","success_url":%q,"cancel_url":%q}`, back, back)
	viewer := tokens.token(t, map[string]any{
		"sub": x.user(t, func(method, path, body string) (int, []byte) { return x.call(t, p, us, method, path, body) }, "viewer"), "tenant_id": x.ID,
	})
	for name, key := range map[string]string{"a viewer": viewer, "another tenant's owner": other.Key, "nobody": ""} {
		for _, c := range [][3]string{{"GET", "/v1/billing", ""}, {"POST", "/v1/billing/checkout", order}} {
			if status, body := ask(c[0], c[1], key, c[2]); status != http.StatusForbidden && status != http.StatusUnauthorized {
				t.Errorf("%s: %s %s: %d %s", name, c[0], c[1], status, body)
			}
		}
	}
	status, body := ask("POST", "/v1/billing/checkout", x.Key, order)
	var page struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(body, &page); err != nil || status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := send(t, request{method: "POST", url: page.URL}); status >= 400 {
		t.Fatalf("Stripe's page: %d %s", status, body)
	}
	testkit.EventuallyOK(t, "the tenant to have what it bought", func() error {
		_, billing := ask("GET", "/v1/billing", x.Key, "")
		_, organization := ask("GET", "/v1/organization", x.Key, "")
		if !strings.Contains(string(billing), `"status":"trialing"`) || !strings.Contains(string(organization), `"plan":"team"`) {
			return fmt.Errorf("%s; %s", billing, organization)
		}
		return nil
	})
	for path, shows := range map[string]string{
		"/v1/billing/usage": `"included":1000000`, "/v1/billing/invoices": `"number"`, "/v1/billing/plans": `"business"`, "/v1/billing/quote?plan=business&interval=month": `"when":"now"`,
	} {
		if status, body := ask("GET", path, x.Key, ""); status != http.StatusOK || !strings.Contains(string(body), shows) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, body := ask("GET", "/v1/audit-log?action=billing.checkout_opened", x.Key, ""); status != http.StatusOK || !strings.Contains(string(body), `"plan":"team"`) {
		t.Errorf("the log: %d %s", status, body)
	}
}
