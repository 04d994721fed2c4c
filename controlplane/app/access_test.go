package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
)

// allowed is who may call each operation, written down a second time on
// purpose: a change of the document must be made here, too.
var allowed = map[string][]controlplane.Role{
	"lookup": {"viewer", "operator", "admin", "billing", "router"}, "lookupMany": {"viewer", "operator", "admin", "billing", "router"},
	"listChanges": {"viewer", "operator", "admin", "billing", "router"}, "getSnapshot": {"viewer", "operator", "admin", "billing", "router"},
	"listCells": {"viewer", "operator", "admin", "billing"}, "getCell": {"viewer", "operator", "admin", "billing", "cell"},
	"registerCell": {"admin", "cell"}, "heartbeat": {"admin", "cell"}, "setCellState": {"operator", "admin"},
	"signUp":      {"", "viewer", "operator", "admin", "billing", "cell", "router"},
	"listTenants": {"viewer", "operator", "admin", "billing"}, "getTenant": {"viewer", "operator", "admin", "billing"},
	"importTenants": {"operator", "admin"}, "deleteTenant": {"operator", "admin"},
	"updateTenant": {"operator", "admin"}, "getEdgePolicy": {"viewer", "operator", "admin", "billing"},
	"putEdgePolicy": {"operator", "admin"}, "deleteEdgePolicy": {"operator", "admin"},
	"suspendTenant": {"operator", "admin"}, "resumeTenant": {"operator", "admin"},
	"listDomains": {"viewer", "operator", "admin", "billing"}, "addDomain": {"operator", "admin"}, "removeDomain": {"operator", "admin"}, "verifyDomain": {"operator", "admin"},
	"getIdentity": {"", "viewer", "operator", "admin", "billing", "cell", "router"},
	"listKeys":    {"admin"}, "createKey": {"admin"}, "revokeKey": {"admin"},
	"listMigrations": {"viewer", "operator", "admin", "billing"}, "getMigration": {"viewer", "operator", "admin", "billing"}, "watchMigration": {"viewer", "operator", "admin", "billing"},
	"createMigration": {"operator", "admin"}, "pauseMigration": {"operator", "admin"}, "resumeMigration": {"operator", "admin"},
	"throttleMigration": {"operator", "admin"}, "abortMigration": {"operator", "admin"}, "rollbackMigration": {"operator", "admin"},
	"finishMigration": {"operator", "admin"}, "getCertificate": {"viewer", "operator", "admin", "billing"}, "getCertificateKey": {"viewer", "operator", "admin", "billing"},
	"setCellCapacity": {"operator", "admin"}, "smokeTestCell": {"operator", "admin"}, "clearCellCapacity": {"operator", "admin"},
	"drainCell": {"operator", "admin"}, "rebalance": {"operator", "admin"}, "reconcileCell": {"admin"}, "rebuildDirectory": {"admin"}, "restoreTenant": {"admin"},
	"reportHeldWindows": {"admin", "router"},
	"listPlans":         {"", "viewer", "operator", "admin", "billing", "cell", "router"},
	"getBilling":        {"viewer", "operator", "admin", "billing", "cell"}, "quoteChange": {"viewer", "operator", "admin", "billing", "cell"},
	"listInvoices": {"viewer", "operator", "admin", "billing", "cell"}, "getBilledUsage": {"viewer", "operator", "admin", "billing", "cell"}, "listRefunds": {"viewer", "operator", "admin", "billing", "cell"},
	"openCheckout": {"operator", "admin", "billing", "cell"}, "openPortal": {"operator", "admin", "billing", "cell"},
	"changeSubscription": {"operator", "admin", "billing", "cell"}, "cancelSubscription": {"operator", "admin", "billing", "cell"},
	"giveCoupon": {"operator", "admin", "billing"}, "syncBilling": {"operator", "admin", "billing"},
	"whoAmI": {"viewer", "operator", "admin", "billing", "cell", "router"}, "listAudit": {"viewer", "operator", "admin", "billing"},
	"getAuditCheckpoint": {"viewer", "operator", "admin", "billing"}, "verifyTenantAudit": {"operator", "admin"},
}

func TestEveryOperationForEveryRole(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	spec, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	operations := 0
	for path, item := range spec.Paths.Map() {
		for method, op := range item.Operations() {
			operations++
			for _, role := range []controlplane.Role{"", "viewer", "operator", "admin", "billing", "cell", "router"} {
				p.wantAccess(t, op, method, path, role)
			}
		}
	}
	if operations != len(allowed) {
		t.Errorf("%d operations, %d in the table", operations, len(allowed))
	}
}

// wantAccess sends a request that the guard refuses or lets through, and that
// does nothing behind it: its body is not what the operation takes.
func (p *program) wantAccess(t *testing.T, op *openapi3.Operation, method, path string, role controlplane.Role) {
	t.Helper()
	url := strings.NewReplacer("{cell}", "cell-a", "{tenant}", "01a2082d-84e7-765b-961c-bea6dc90e917", "{domain}", "a.example.org", "{name}", "nobody",
		"{migration}", "01a2082d-84e7-765b-961c-bea6dc90e917").Replace(path)
	media := ""
	if op.RequestBody != nil {
		media = "text/plain"
	}
	status, _, body, err := p.do(method, url, p.keys[role], media, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	passed := status != http.StatusUnauthorized && status != http.StatusForbidden
	id := strings.ToLower(op.OperationID[:1]) + op.OperationID[1:] // the generator capitalises it
	if want := slices.Contains(allowed[id], role); passed != want {
		t.Errorf("%s as %q: %d %s", op.OperationID, role, status, body)
	}
	if role == "" && !passed && status != http.StatusUnauthorized {
		t.Errorf("%s without a key: %d", op.OperationID, status)
	}
}

func TestACellActsForItselfOnly(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	for path, want := range map[string]int{
		"/v1/cells/cell-a":   http.StatusNotFound, // let through; it is not registered
		"/v1/cells/cell-b":   http.StatusForbidden,
		"/v1/cells/cell%2Da": http.StatusUnprocessableEntity, // let through; not the canonical form
		"/v1/cells/cell%2Db": http.StatusForbidden,
	} {
		if status, _, body, err := p.do("GET", path, p.keys[controlplane.RoleCell], "", nil); status != want || err != nil {
			t.Errorf("%s: %d %s %v", path, status, body, err)
		}
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	p.withCell(t, "cell-a", "us-central1", 10)
	signup := func(slug string) string {
		return fmt.Sprintf(`{"organization":"Acme","slug":%q,"owner":{"name":"Ann","email":"ann@example.org"}}`, slug)
	}
	const json, tenant = "application/json", "/v1/tenants/01a2082d-84e7-765b-961c-bea6dc90e917"
	for _, c := range []struct {
		name, method, path, media, body string
		status                          int
		code                            string
	}{
		{"unknown path", "GET", "/v1/nothing", "", "", 404, "not_found"},
		{"root", "GET", "/", "", "", 404, "not_found"},
		{"wrong method", "DELETE", "/v1/signups", "", "", 405, "method_not_allowed"},
		{"malformed", "POST", "/v1/signups", json, `{"slug":`, 400, "malformed"},
		{"two values", "POST", "/v1/signups", json, signup("acme") + signup("acme"), 400, "malformed"},
		{"not UTF-8", "POST", "/v1/signups", json, "{\"slug\":\"\xff\"}", 400, "malformed"},
		{"NUL", "POST", "/v1/signups", json, strings.Replace(signup("acme"), "Acme", `A\u0000`, 1), 400, "malformed"},
		{"empty", "POST", "/v1/signups", json, "", 400, "malformed"},
		{"unknown field", "POST", "/v1/signups", json, strings.Replace(signup("acme"), "{", `{"admin":true,`, 1), 422, "invalid"},
		{"unknown field inside", "POST", "/v1/signups", json, strings.Replace(signup("acme"), `{"name"`, `{"role":"x","name"`, 1), 422, "invalid"},
		{"missing owner", "POST", "/v1/signups", json, `{"organization":"Acme","slug":"acme"}`, 422, "invalid"},
		{"wrong type", "POST", "/v1/signups", json, `{"organization":7,"slug":"acme","owner":{"name":"A","email":"a@b.c"}}`, 422, "invalid"},
		{"too large", "POST", "/v1/signups", json, `{"x":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "too_large"},
		{"content type", "POST", "/v1/signups", "text/plain", signup("acme"), 415, "unsupported_media_type"},
		{"no content type", "POST", "/v1/signups", "", signup("acme"), 415, "unsupported_media_type"},
		{"reserved", "POST", "/v1/signups", json, signup("admin"), 422, "invalid"},
		{"reads like reserved", "POST", "/v1/signups", json, signup("adm1n"), 422, "invalid"},
		{"punycode", "POST", "/v1/signups", json, signup("xn--80ak6aa92e"), 422, "invalid"},
		{"Cyrillic", "POST", "/v1/signups", json, signup("аcme"), 422, "invalid"},
		{"upper case", "POST", "/v1/signups", json, signup("Acme"), 422, "invalid"},
		{"blank organisation", "POST", "/v1/signups", json, strings.Replace(signup("acme"), "Acme", " ", 1), 422, "invalid"},
		{"no address", "POST", "/v1/signups", json, strings.Replace(signup("acme"), "ann@", "ann", 1), 422, "invalid"},
		{"unknown plan", "POST", "/v1/signups", json, strings.Replace(signup("acme"), "{", `{"plan":"gold",`, 1), 422, "invalid"},
		{"unknown region", "POST", "/v1/signups", json, strings.Replace(signup("acme"), "{", `{"region":"mars",`, 1), 422, "invalid"},
		{"not an id", "GET", "/v1/tenants/acme", "", "", 422, "invalid"},
		{"no such tenant", "GET", tenant, "", "", 404, "not_found"},
		{"NUL in a query", "GET", "/v1/tenants?slug=%00", "", "", 400, "malformed"},
		{"limit", "GET", "/v1/tenants?limit=1001", "", "", 422, "invalid"},
		{"state", "GET", "/v1/tenants?state=happy", "", "", 422, "invalid"},
		{"cursor", "GET", "/v1/tenants?cursor=x", "", "", 422, "invalid"},
		{"another list's cursor", "GET", "/v1/tenants?cursor=YWNtZQ", "", "", 422, "invalid"},
		{"audit cursor", "GET", "/v1/audit?cursor=YWNtZQ", "", "", 422, "invalid"},
		{"kind of key", "GET", "/v1/directory/lookup?kind=mail&value=x", "", "", 422, "invalid"},
		{"no key", "GET", "/v1/directory/lookup?kind=slug", "", "", 422, "invalid"},
		{"endless key", "GET", "/v1/directory/lookup?kind=slug&value=" + strings.Repeat("x", 254), "", "", 422, "invalid"},
		{"NUL key", "GET", "/v1/directory/lookup?kind=slug&value=a%00b", "", "", 404, "unknown_tenant"},
		{"key that is not UTF-8", "GET", "/v1/directory/lookup?kind=domain&value=%ff", "", "", 404, "unknown_tenant"},
		{"id that is none", "GET", "/v1/directory/lookup?kind=id&value=acme", "", "", 404, "unknown_tenant"},
		{"too many keys", "POST", "/v1/directory/lookups", json, `{"keys":[` + strings.Repeat(`{"kind":"slug","value":"x"},`, 256) + `{"kind":"slug","value":"x"}]}`, 422, "invalid"},
		{"no keys", "POST", "/v1/directory/lookups", json, `{"keys":[]}`, 422, "invalid"},
		{"keys left out", "POST", "/v1/directory/lookups", json, `{}`, 422, "invalid"},
		{"keys of a wrong type", "POST", "/v1/directory/lookups", json, `{"keys":[{"kind":"slug","value":7}]}`, 422, "invalid"},
		{"keys with more", "POST", "/v1/directory/lookups", json, `{"keys":[{"kind":"slug","value":"x","since":7}]}`, 422, "invalid"},
		{"malformed keys", "POST", "/v1/directory/lookups", json, `{"keys":[{"kind":`, 400, "malformed"},
		{"keys twice", "POST", "/v1/directory/lookups", json, `{"keys":[{"kind":"slug","value":"x"}]}{}`, 400, "malformed"},
		{"keys, content type", "POST", "/v1/directory/lookups", "text/plain", `{"keys":[{"kind":"slug","value":"x"}]}`, 415, "unsupported_media_type"},
		{"endless keys", "POST", "/v1/directory/lookups", json, `{"keys":[{"kind":"slug","value":"` + strings.Repeat("x", 1<<20) + `"}]}`, 413, "too_large"},
		{"policy of nobody", "GET", tenant + "/edge-policy", "", "", 404, "not_found"},
		{"policy for nobody", "PUT", tenant + "/edge-policy", json, `{}`, 404, "not_found"},
		{"no policy for nobody", "DELETE", tenant + "/edge-policy", "", "", 404, "not_found"},
		{"policy with more", "PUT", tenant + "/edge-policy", json, `{"cors":{"allowed_origins":["*"],"vary":true}}`, 422, "invalid"},
		{"malformed policy", "PUT", tenant + "/edge-policy", json, `{"cors"`, 400, "malformed"},
		{"policy, content type", "PUT", tenant + "/edge-policy", "text/yaml", `{}`, 415, "unsupported_media_type"},
		{"plan for nobody", "PATCH", tenant, "application/merge-patch+json", `{"plan":"team"}`, 404, "not_found"},
		{"plan of nobody", "PATCH", tenant, "application/merge-patch+json", `{"plan":"gold"}`, 422, "invalid"},
		{"another member", "PATCH", tenant, "application/merge-patch+json", `{"slug":"acme"}`, 422, "invalid"},
		{"empty patch", "PATCH", tenant, "application/merge-patch+json", `{}`, 422, "invalid"},
		{"patch, content type", "PATCH", tenant, json, `{"plan":"team"}`, 415, "unsupported_media_type"},
		{"since", "GET", "/v1/directory/changes?since=-1", "", "", 422, "invalid"},
		{"the future", "GET", "/v1/directory/changes?since=1000000", "", "", 410, "gone"},
		{"wait", "GET", "/v1/directory/changes?since=0&wait_seconds=61", "", "", 422, "invalid"},
		{"endpoint with a path", "PUT", "/v1/cells/cell-x", json, `{"region":"us","tier":"standard","endpoint":"http://x/y","internal_endpoint":"http://x","capacity_tenants":1}`, 422, "invalid"},
		{"cell id", "PUT", "/v1/cells/Cell_X", json, `{"region":"us","tier":"standard","endpoint":"http://x","internal_endpoint":"http://x","capacity_tenants":1}`, 422, "invalid"},
		{"cpu", "POST", "/v1/cells/cell-a/heartbeat", json, `{"tenants":0,"capacity_tenants":1,"cpu":1.5,"requests_per_second":0,"queue_depth":0}`, 422, "invalid"},
		{"cell state", "PUT", "/v1/cells/cell-a/state", json, `{"state":"provisioning"}`, 409, "conflict"},
		{"no capacity", "PUT", "/v1/cells/cell-a/capacity", json, `{"requests_per_second":0}`, 422, "invalid"},
		{"capacity of no cell", "PUT", "/v1/cells/cell-x/capacity", json, `{"requests_per_second":10}`, 404, "not_found"},
		{"unexpected state", "PUT", "/v1/cells/cell-a/state", json, `{"state":"cordoned","expected":"draining"}`, 412, "precondition_failed"},
		{"If-Match", "POST", tenant + "/suspend?x", json, `{"reason":7}`, 422, "invalid"},
		{"key role", "POST", "/v1/keys", json, `{"name":"x","role":"boss"}`, 422, "invalid"},
		{"key of no cell", "POST", "/v1/keys", json, `{"name":"x","role":"cell"}`, 422, "invalid"},
		{"name of the log's own", "POST", "/v1/keys", json, `{"name":"system","role":"viewer"}`, 422, "invalid"},
		{"domain", "POST", tenant + "/domains", json, `{"domain":"localhost"}`, 422, "invalid"},
		{"import content type", "POST", "/v1/tenants/import", json, `{}`, 415, "unsupported_media_type"},
		{"import how", "POST", "/v1/tenants/import?provision=maybe", "application/x-ndjson", `{}`, 422, "invalid"},
	} {
		status, header, body, err := p.doWithKey(c.method, c.path, c.media, c.body)
		if err != nil || status != c.status || !strings.Contains(body, `"code":"`+c.code+`"`) {
			t.Errorf("%s: %d %s %v, want %d %s", c.name, status, body, err, c.status, c.code)
			continue
		}
		id := header.Get("X-Request-Id")
		if header.Get("Content-Type") != "application/problem+json" || id == "" || !strings.Contains(body, id) {
			t.Errorf("%s: not a full problem document: %v %s", c.name, header, body)
		}
		if status == http.StatusMethodNotAllowed && header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow %q", c.name, header.Get("Allow"))
		}
	}
	if got, err := p.client(t, controlplane.RoleViewer).ListTenantsWithResponse(t.Context(), nil); err != nil || got.JSON200 == nil || len(got.JSON200.Tenants) != 0 {
		t.Errorf("something was stored: %v, %s", err, got.Body)
	}
}

// doWithKey sends a request with an Idempotency-Key, as the admin.
func (p *program) doWithKey(method, path, media, body string) (int, http.Header, string, error) {
	req, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, "", err
	}
	req.Header.Set("Authorization", "Bearer "+p.keys[controlplane.RoleAdmin])
	req.Header.Set("Idempotency-Key", "bad-input-1")
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	return p.send(req)
}
