package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/testkit"
)

const policyText = `{"cors":{"allowed_origins":["https://app.example.org"],"allow_credentials":true},` +
	`"request_headers":{"remove":["X-Old"],"set":[{"name":"X-Plan","value":"<gold>"}]},"limits":[{"class":"write","per_second":2.5,"burst":10}]}`

// putPolicy puts a document as it stands and returns the answer and its ETag.
func (p *program) putPolicy(t *testing.T, path, document, ifMatch string) (status int, etag, body string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, p.url+path, strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.keys[controlplane.RoleOperator])
	req.Header.Set("Content-Type", "application/json")
	if ifMatch != "" {
		req.Header.Set("If-Match", ifMatch)
	}
	status, header, body, err := p.send(req)
	if err != nil {
		t.Fatal(err)
	}
	return status, header.Get("ETag"), body
}

func wantJSON(t *testing.T, what string, got any, want string) {
	t.Helper()
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var normal directory.EdgePolicy
	if err := json.Unmarshal([]byte(want), &normal); err != nil {
		t.Fatal(err)
	}
	expected, err := json.Marshal(normal)
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) != string(expected) {
		t.Errorf("%s: %s, want %s", what, raw, expected)
	}
}

// A policy that was put is in every way that a router learns of it.
func TestAnEdgePolicyReachesRouters(t *testing.T) {
	t.Parallel()
	server := testkit.NATSServer(t)
	testkit.Run(t, server)
	opts := options(database(t))
	opts.NATSURL = server.URL()
	p := start(t, opts)
	p.withCell(t, "cell-a", "us-central1", 10)
	made := p.signUp(t, "acme").Tenant
	path := "/v1/tenants/" + made.TenantID.String() + "/edge-policy"
	viewer, operator, router := p.client(t, controlplane.RoleViewer), p.client(t, controlplane.RoleOperator), p.client(t, controlplane.RoleRouter)
	if got, err := viewer.GetEdgePolicyWithResponse(t.Context(), made.TenantID); err != nil || strings.TrimSpace(string(got.Body)) != "{}" || got.HTTPResponse.Header.Get("ETag") == "" {
		t.Errorf("at first: %v, %s", err, got.Body)
	}
	status, etag, body := p.putPolicy(t, path, policyText, "")
	if status != http.StatusOK || etag == "" {
		t.Fatalf("%d %s", status, body)
	}
	for range 2 { // idempotent: the same version again
		if _, again, _ := p.putPolicy(t, path, policyText, etag); again != etag {
			t.Errorf("put again: %s after %s", again, etag)
		}
	}
	if status, _, body := p.putPolicy(t, path, `{}`, `"1"`); status != http.StatusPreconditionFailed {
		t.Errorf("an older version: %d %s", status, body)
	}
	shown, err := viewer.GetEdgePolicyWithResponse(t.Context(), made.TenantID)
	if err != nil || shown.JSON200 == nil || shown.HTTPResponse.Header.Get("ETag") != etag {
		t.Fatalf("%v, %s", err, shown.Body)
	}
	wantJSON(t, "shown", shown.JSON200, policyText)
	p.wantPolicy(t, router, made.TenantID.String(), policyText)
	version := made.Version + 1
	runs := follow(t, server, version)
	last := runs[len(runs)-1].Changes
	wantJSON(t, "relayed", last[len(last)-1].Tenant.Edge, policyText)

	cleared, err := operator.DeleteEdgePolicyWithResponse(t.Context(), made.TenantID, nil)
	if err != nil || cleared.StatusCode() != http.StatusNoContent || cleared.HTTPResponse.Header.Get("ETag") == etag {
		t.Errorf("%v, %s", err, cleared.Body)
	}
	if again, err := operator.DeleteEdgePolicyWithResponse(t.Context(), made.TenantID, nil); err != nil || again.HTTPResponse.Header.Get("ETag") != cleared.HTTPResponse.Header.Get("ETag") {
		t.Errorf("cleared again: %v, %v", err, again.HTTPResponse.Header)
	}
	p.wantPolicy(t, router, made.TenantID.String(), "null")
}

// wantPolicy asks lookup, lookups, changes and the snapshot.
func (p *program) wantPolicy(t *testing.T, router *api.ClientWithResponses, id, want string) {
	t.Helper()
	key := directory.Key{Kind: directory.ByID, Value: id}
	one, err := router.LookupWithResponse(t.Context(), &api.LookupParams{Kind: key.Kind, Value: key.Value})
	if err != nil || one.JSON200 == nil {
		t.Fatalf("%v, %s", err, one.Body)
	}
	many, err := router.LookupManyWithResponse(t.Context(), directory.LookupRequest{Keys: []directory.Key{key}})
	if err != nil || many.JSON200 == nil {
		t.Fatalf("%v, %s", err, many.Body)
	}
	changes, err := router.ListChangesWithResponse(t.Context(), &api.ListChangesParams{Since: one.JSON200.Tenant.Version - 1})
	if err != nil || changes.JSON200 == nil {
		t.Fatalf("%v, %s", err, changes.Body)
	}
	_, _, raw, err := p.do("GET", "/v1/directory/snapshot", p.keys[controlplane.RoleRouter], "", nil)
	if err != nil {
		t.Fatal(err)
	}
	snapshot := onlyTenant{}
	if _, err := directory.ReadSnapshot(strings.NewReader(raw), &snapshot); err != nil {
		t.Fatal(err)
	}
	for where, got := range map[string]*directory.EdgePolicy{
		"lookup": one.JSON200.Tenant.Edge, "lookups": many.JSON200.Entries[0].Tenant.Edge,
		"changes": changes.JSON200.Changes[0].Tenant.Edge, "snapshot": snapshot.tenant.Edge,
	} {
		if want == "null" {
			if got != nil {
				t.Errorf("%s: %+v", where, got)
			}
			continue
		}
		wantJSON(t, where, got, want)
	}
}

type onlyTenant struct{ tenant directory.Assignment }

func (o *onlyTenant) Cell(directory.Cell) error            { return nil }
func (o *onlyTenant) Tenant(a *directory.Assignment) error { o.tenant = *a; return nil }

func TestABadPolicyIsToldByPointer(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	p.withCell(t, "cell-a", "us-central1", 10)
	id := p.signUp(t, "acme").Tenant.TenantID
	path := "/v1/tenants/" + id.String() + "/edge-policy"
	header := func(name, value string) string {
		return `{"response_headers":{"set":[{"name":"` + name + `","value":"` + value + `"}]}}`
	}
	for field, document := range map[string]string{
		"/cors/allowed_origins/1":            `{"cors":{"allowed_origins":["https://a.example.org","https://B.example.org"]}}`,
		"/cors/allow_credentials":            `{"cors":{"allowed_origins":["*"],"allow_credentials":true}}`,
		"/cors/max_age_seconds":              `{"cors":{"allowed_origins":["*"],"max_age_seconds":86401}}`,
		"/response_headers/set/0/name":       header("x_forwarded_for", "s3cret"),
		"/response_headers/set/0/value":      header("X-A", `s3cret\r\nSet-Cookie: a=b`),
		"/limits/0/class":                    `{"limits":[{"class":"Write"}]}`,
		"/limits/0/per_second":               `{"limits":[{"class":"*","per_second":-1}]}`,
		`unsupported`:                        `{"edge":{}}`,
		"/request_headers":                   `{"request_headers":{"remove":["a",7]}}`,
		`property \"allowed_origins\" is mi`: `{"cors":{}}`,
		`{"field":"/"`:                       header("X-A", "v") + strings.Repeat(" ", 10),
	} {
		if field == `{"field":"/"` {
			document = `{"cors":{"allowed_origins":["https://` + strings.Repeat("a", 17<<10) + `"]}}`
		}
		status, _, body := p.putPolicy(t, path, document, "")
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, field) || strings.Contains(body, "s3cret") {
			t.Errorf("%s: %d %s", field, status, body)
		}
	}
	if got, err := p.client(t, controlplane.RoleViewer).GetEdgePolicyWithResponse(t.Context(), id); err != nil || strings.TrimSpace(string(got.Body)) != "{}" {
		t.Errorf("something was stored: %v, %s", err, got.Body)
	}
	if got, err := p.client(t, controlplane.RoleOperator).DeleteTenantWithResponse(t.Context(), id, nil); err != nil || got.JSON200 == nil {
		t.Fatalf("%v, %s", err, got.Body)
	}
	if status, _, body := p.putPolicy(t, path, policyText, ""); status != http.StatusConflict {
		t.Errorf("a policy for a tenant that is deleted: %d %s", status, body)
	}
}

func TestAPlanChange(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	p.withCell(t, "cell-a", "us-central1", 10)
	made := p.signUp(t, "acme").Tenant
	operator := p.client(t, controlplane.RoleOperator)
	change := func(plan string, params *api.UpdateTenantParams) *api.UpdateTenantResponse {
		t.Helper()
		got, err := operator.UpdateTenantWithApplicationMergePatchPlusJSONBodyWithResponse(t.Context(), made.TenantID, params, api.TenantPatch{Plan: &plan})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	changed := change("team", nil)
	if changed.JSON200 == nil || changed.JSON200.Plan != "team" || changed.JSON200.Version != made.Version+1 {
		t.Fatalf("%s", changed.Body)
	}
	if again := change("team", nil); again.JSON200 == nil || again.JSON200.Version != changed.JSON200.Version {
		t.Errorf("the same plan: %s", again.Body)
	}
	if got := change("enterprise", nil); got.StatusCode() != http.StatusConflict || !strings.Contains(string(got.Body), "migrate the tenant") {
		t.Errorf("another tier: %s", got.Body)
	}
	if got := change("gold", nil); got.StatusCode() != http.StatusUnprocessableEntity || !strings.Contains(string(got.Body), `"/plan"`) {
		t.Errorf("no plan: %s", got.Body)
	}
	stale := `"1"`
	if got := change("free", &api.UpdateTenantParams{IfMatch: &stale}); got.StatusCode() != http.StatusPreconditionFailed {
		t.Errorf("an older version: %s", got.Body)
	}
	looked, err := p.client(t, controlplane.RoleRouter).LookupWithResponse(t.Context(), &api.LookupParams{Kind: directory.BySlug, Value: "acme"})
	if err != nil || looked.JSON200 == nil || looked.JSON200.Tenant.Plan != "team" {
		t.Errorf("%v, %s", err, looked.Body)
	}
}
