package app_test

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
)

// Whoever signs up learns nothing of the cells that would not do.
func TestARefusedSignUpNamesNoCell(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	p.withCell(t, "cell-a", "us-central1", 10)
	if got, err := p.client(t, controlplane.RoleAdmin).SetCellStateWithResponse(t.Context(), "cell-a", api.CellStateChange{State: directory.CellCordoned}); err != nil || got.JSON200 == nil {
		t.Fatalf("%v, %s", err, got.Body)
	}
	refused, err := p.client(t, "").SignUpWithResponse(t.Context(), &api.SignUpParams{IdempotencyKey: "key-of-acme"}, signupRequest("acme"))
	body := string(refused.Body)
	if err != nil || refused.StatusCode() != http.StatusServiceUnavailable || refused.HTTPResponse.Header.Get("Retry-After") == "" ||
		strings.Contains(body, "cell-a") || strings.Contains(body, "cordoned") {
		t.Errorf("%v, %s", err, body)
	}
	elsewhere, region := signupRequest("acme"), "mars"
	elsewhere.Region = &region
	unknown, err := p.client(t, "").SignUpWithResponse(t.Context(), &api.SignUpParams{IdempotencyKey: "key-of-mars"}, elsewhere)
	body = string(unknown.Body)
	if err != nil || unknown.StatusCode() != http.StatusUnprocessableEntity || !strings.Contains(body, `"/region"`) || !strings.Contains(body, "us-central1") || strings.Contains(body, "cell-a") {
		t.Errorf("%v, %s", err, body)
	}
}

func TestSignUpsAreLimitedForEachClientAndTogether(t *testing.T) {
	t.Parallel()
	opts := options(database(t))
	opts.SignupsPerClient, opts.SignupsTotal = 2, 30 // together: 5 at once
	opts.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	p := start(t, opts)
	ask := func(client string) (int, string, string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, p.url+"/v1/signups", strings.NewReader("{"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Forwarded-For", "192.0.2.200, "+client)
		status, header, body, err := p.send(req)
		if err != nil {
			t.Fatal(err)
		}
		return status, header.Get("Retry-After"), body
	}
	for i, want := range []struct {
		client string
		status int
	}{
		{"203.0.113.1", 400}, {"203.0.113.1", 400}, {"203.0.113.1", 429}, // its two
		{"203.0.113.2", 400}, {"203.0.113.3", 400}, {"203.0.113.4", 400}, {"203.0.113.5", 429}, // everybody's five
		{"127.0.0.1", 429},
	} {
		status, after, body := ask(want.client)
		seconds, _ := strconv.Atoi(after)
		if status != want.status || (status == 429) != strings.Contains(body, `"rate_limited"`) || (status == 429) != (seconds > 0) {
			t.Errorf("%d, %s: %d, Retry-After %q, %s", i, want.client, status, after, body)
		}
	}
	if got, err := p.client(t, controlplane.RoleViewer).WhoAmIWithResponse(t.Context()); err != nil || got.JSON200 == nil {
		t.Errorf("others are limited, too: %v, %s", err, got.Body)
	}
}
