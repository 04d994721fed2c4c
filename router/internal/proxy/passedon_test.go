package proxy_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// inherit gives the slug of acme, which is gone, to another tenant of the same
// cell, without a word to the router. The cell refuses who is gone.
func (f *fixture) inherit(t *testing.T) (heir directory.Assignment, key string) {
	t.Helper()
	if _, body := f.do(t, "GET", "acme.example.com", "/", "", "Authorization", f.key()); !strings.HasPrefix(body, "cell-a") {
		t.Fatal(body) // now the router knows acme
	}
	gone := f.acme.TenantID
	heir = directory.Assignment{TenantID: tenancy.NewID(), Slug: "acme", Cell: "cell-a", State: directory.Active, Epoch: 1, Version: 50}
	f.put(heir)
	f.mu.Lock()
	delete(f.entries, directory.Key{Kind: directory.ByID, Value: gone.String()})
	f.mu.Unlock()
	f.cells["cell-a"].handle(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(cellapi.HeaderTenantID) == gone.String() {
			w.Header().Set(cellapi.HeaderTenantState, cellapi.StateAbsent)
			w.WriteHeader(http.StatusMisdirectedRequest)
			return
		}
		_, _ = w.Write([]byte("served " + r.Header.Get(cellapi.HeaderTenantID)))
	})
	return heir, "Bearer cdt_" + strings.ReplaceAll(heir.TenantID.String(), "-", "") + "_" + strings.Repeat("k", 43)
}

// Whoever inherits a slug is served at once, with its own key.
func TestTheHeirOfASlugIsServed(t *testing.T) {
	t.Parallel()
	f := start(t)
	heir, key := f.inherit(t)
	for range 2 {
		if resp, body := f.do(t, "GET", "acme.example.com", "/", "", "Authorization", key); resp.StatusCode != 200 || body != "served "+heir.TenantID.String() {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
	}
	if resp, body := f.do(t, "GET", "acme.example.com", "/", "", "Authorization", f.key()); resp.StatusCode != 401 {
		t.Errorf("the former tenant's key: %d %s", resp.StatusCode, body)
	}
}

// What is sent without a key, or with the old one, finds out that the tenant is
// gone, is served as nobody's by mistake, and the next request is the heir's.
func TestASlugThatPassedOnIsLookedUpAgain(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]func(*fixture) []string{
		"no key":      func(*fixture) []string { return nil },
		"the old key": func(f *fixture) []string { return []string{"Authorization", f.key()} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t)
			heir, _ := f.inherit(t)
			resp, body := f.do(t, "GET", "acme.example.com", "/", "", header(f)...)
			if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
				t.Errorf("at first: %d %s", resp.StatusCode, body)
			}
			resp, body = f.do(t, "GET", "acme.example.com", "/", "", header(f)...)
			switch name {
			case "no key":
				if resp.StatusCode != http.StatusOK || body != "served "+heir.TenantID.String() {
					t.Errorf("then: %d %s", resp.StatusCode, body)
				}
			default:
				if resp.StatusCode != http.StatusUnauthorized {
					t.Errorf("then: %d %s", resp.StatusCode, body)
				}
			}
		})
	}
}

// A tenant that is gone and has no heir is unknown, and not for ever "moving".
func TestATenantThatIsGoneIsUnknown(t *testing.T) {
	t.Parallel()
	f := start(t)
	heir, _ := f.inherit(t)
	f.mu.Lock()
	delete(f.entries, directory.Key{Kind: directory.BySlug, Value: "acme"})
	delete(f.entries, directory.Key{Kind: directory.ByID, Value: heir.TenantID.String()})
	f.mu.Unlock()
	for range 2 {
		if resp, body := f.do(t, "GET", "acme.example.com", "/", "", "Authorization", f.key()); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
	}
}

// Strangers' keys at a tenant's address cost one look-up each, not one a request.
func TestForeignKeysAreLookedUpOnce(t *testing.T) {
	t.Parallel()
	f := start(t)
	stranger := "Bearer cdt_" + strings.ReplaceAll(tenancy.NewID().String(), "-", "") + "_" + strings.Repeat("k", 43)
	f.do(t, "GET", "acme.example.com", "/", "", "Authorization", f.key())
	before := f.lookups.Load()
	for range 5 {
		if resp, body := f.do(t, "GET", "acme.example.com", "/", "", "Authorization", stranger); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%d %s", resp.StatusCode, body)
		}
	}
	if n := f.lookups.Load() - before; n != 1 {
		t.Errorf("%d look-ups", n)
	}
}
