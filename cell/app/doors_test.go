package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

func TestOnlySignedRequestsEnter(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	tn, other := p.admit(t), p.admit(t)
	get := request{method: "GET", target: "/v1/organization"}
	good := func(r *http.Request) { signEdge(r, edgeKey, tn, 1, time.Now()) }
	for name, c := range map[string]struct {
		sign   func(*http.Request)
		status int
	}{
		"signed":        {good, 200},
		"not signed":    {func(r *http.Request) { good(r); r.Header.Del(cellapi.HeaderSignature) }, 401},
		"empty":         {func(r *http.Request) { good(r); r.Header.Set(cellapi.HeaderSignature, "") }, 401},
		"control key":   {func(r *http.Request) { signEdge(r, controlKey, tn, 1, time.Now()) }, 401},
		"old":           {func(r *http.Request) { signEdge(r, edgeKey, tn, 1, time.Now().Add(-2*cellapi.MaxSkew)) }, 401},
		"future":        {func(r *http.Request) { signEdge(r, edgeKey, tn, 1, time.Now().Add(2*cellapi.MaxSkew)) }, 401},
		"other path":    {func(r *http.Request) { r.URL.Path = "/v1/users"; good(r); r.URL.Path = "/v1/organization" }, 401},
		"other tenant":  {func(r *http.Request) { good(r); r.Header.Set(cellapi.HeaderTenantID, other.id.String()) }, 401},
		"other epoch":   {func(r *http.Request) { good(r); r.Header.Set(cellapi.HeaderTenantEpoch, "2") }, 401},
		"other request": {func(r *http.Request) { good(r); r.Header.Set(cellapi.HeaderRequestID, "x") }, 401},
		"principal":     {func(r *http.Request) { good(r); r.Header.Set(cellapi.HeaderPrincipal, "root") }, 401},
		"twice":         {func(r *http.Request) { good(r); r.Header.Add(cellapi.HeaderTenantID, other.id.String()) }, 401},
		"no timestamp":  {func(r *http.Request) { good(r); r.Header.Del(cellapi.HeaderTimestamp) }, 401},
		"no tenant":     {func(r *http.Request) { signEdge(r, edgeKey, tenant{key: tn.key}, 1, time.Now()) }, 401},
		"no key":        {func(r *http.Request) { good(r); r.Header.Del("Authorization") }, 401},
		"two keys":      {func(r *http.Request) { good(r); r.Header.Add("Authorization", "Bearer "+other.key) }, 401},
		"basic":         {func(r *http.Request) { good(r); r.Header.Set("Authorization", "Basic "+tn.key) }, 401},
		"short key":     {func(r *http.Request) { good(r); r.Header.Set("Authorization", "Bearer "+tn.key[:40]) }, 401},
		"unknown key":   {func(r *http.Request) { good(r); r.Header.Set("Authorization", "Bearer "+newKey(tn.id)) }, 401},
		"foreign key":   {func(r *http.Request) { good(r); r.Header.Set("Authorization", "Bearer "+other.key) }, 401},
	} {
		a := p.do(t, p.addresses.API, get, c.sign)
		if a.status != c.status || c.status == 401 && a.code() != string(fault.Unauthenticated) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	inventory := request{method: "GET", target: "/internal/v1/tenants"}
	for name, c := range map[string]struct {
		sign   func(*http.Request)
		status int
	}{
		"signed":     {func(r *http.Request) { cellapi.NewSigner(controlKey).SignRequest(r, time.Now()) }, 200},
		"not signed": {func(*http.Request) {}, 401},
		"edge key":   {func(r *http.Request) { cellapi.NewSigner(edgeKey).SignRequest(r, time.Now()) }, 401},
		"old":        {func(r *http.Request) { cellapi.NewSigner(controlKey).SignRequest(r, time.Now().Add(-time.Hour)) }, 401},
		"router":     {good, 401},
	} {
		if a := p.do(t, p.addresses.Internal, inventory, c.sign); a.status != c.status {
			t.Errorf("internal, %s: %d %s", name, a.status, a.body)
		}
	}
	if a := p.asTenant(t, tn, request{method: "GET", target: "/internal/v1/tenants"}); a.status != 404 {
		t.Errorf("the internal API at the tenants' door: %d", a.status)
	}
	for _, secret := range []string{tn.key, other.key, hashOf(tn.key), passwords.App} {
		if strings.Contains(p.log.String(), secret) {
			t.Errorf("a secret was logged")
		}
	}
}

func TestFenceAnswers(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	unknown := newTenant()
	a := p.asTenant(t, unknown, request{method: "GET", target: "/v1/organization"})
	if a.status != 421 || a.header.Get(cellapi.HeaderTenantState) != cellapi.StateAbsent || a.code() != string(fault.TenantMoved) {
		t.Errorf("absent: %d %v %s", a.status, a.header, a.body)
	}
	a = p.atEpoch(t, tn, 2, request{method: "GET", target: "/v1/organization"})
	if a.status != 503 || a.header.Get(cellapi.HeaderTenantState) != cellapi.StateUnknownEpoch || a.header.Get("Retry-After") != "1" {
		t.Errorf("unknown epoch: %d %v %s", a.status, a.header, a.body)
	}
	p.fence(t, tn, `UPDATE tenants SET state = 'frozen', frozen_until = now() + interval '1 hour' WHERE tenant_id = $1`)
	expect(t, p.asTenant(t, tn, request{method: "GET", target: "/v1/organization"}), 200)
	a = p.asTenant(t, tn, request{method: "PATCH", target: "/v1/organization", body: map[string]any{"name": "x"}})
	if a.status != 503 || a.header.Get(cellapi.HeaderTenantState) != cellapi.StateFrozen {
		t.Errorf("frozen: %d %v %s", a.status, a.header, a.body)
	}
	p.fence(t, tn, `UPDATE tenants SET state = 'departed', moved_to = 'cell-b', moved_epoch = 2 WHERE tenant_id = $1`)
	a = p.asTenant(t, tn, request{method: "GET", target: "/v1/organization"})
	if a.status != 421 || a.header.Get(cellapi.HeaderTenantCell) != "cell-b" || a.header.Get(cellapi.HeaderTenantEpoch) != "2" {
		t.Errorf("departed: %d %v %s", a.status, a.header, a.body)
	}
}

// The process's own timer ends a freeze whose time has passed.
func TestFreezeExpiresInTheProcess(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	p.fence(t, tn, `UPDATE tenants SET state = 'frozen', frozen_until = now() WHERE tenant_id = $1`)
	eventuallyStatus(t, 200, func() answer {
		return p.asTenant(t, tn, request{method: "PATCH", target: "/v1/organization", body: map[string]any{"name": "x"}})
	})
}
