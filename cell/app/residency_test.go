package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	api "github.com/coditect/platform/cell/api/internalapi"
)

func TestArrivalAndDepartureMayBeRepeated(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := newTenant()
	path := "/internal/v1/tenants/" + tn.id.String()
	prepare := request{method: "PUT", target: path, body: tn.arrival()}
	activate := request{method: "POST", target: path + "/activate", body: map[string]any{"epoch": 1}}
	get := request{method: "GET", target: "/v1/organization"}
	for range 2 {
		if a := p.asControlPlane(t, prepare); string(a.body) != `{"epoch":1,"state":"importing"}`+"\n" {
			t.Errorf("prepare: %d %s", a.status, a.body)
		}
		expect(t, p.asTenant(t, tn, get), 503)
	}
	for range 2 {
		if a := p.asControlPlane(t, activate); string(a.body) != `{"epoch":1,"state":"live"}`+"\n" {
			t.Errorf("activate: %d %s", a.status, a.body)
		}
	}
	expect(t, p.asTenant(t, tn, get), 200)
	other := tn.arrival()
	other["plan"] = "team"
	expect(t, p.asControlPlane(t, request{method: "PUT", target: path, body: other}), 409)
	for range 2 {
		expect(t, p.asControlPlane(t, request{method: "DELETE", target: path + "?epoch=1"}), 204)
		expect(t, p.asTenant(t, tn, get), 421)
	}
}

func TestBatchAndInventory(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	var lines []any
	var tenants []tenant
	for range 1000 {
		tn := newTenant()
		line := tn.arrival()
		line["tenant_id"] = tn.id
		lines, tenants = append(lines, line), append(tenants, tn)
	}
	lines[5].(map[string]any)["slug"] = "admin"
	lines[6] = lines[4]
	for range 2 {
		a := expect(t, p.asControlPlane(t, request{method: "POST", target: "/internal/v1/tenants/batch", body: map[string]any{"tenants": lines}}), 200)
		var result api.BatchResult
		if err := json.Unmarshal(a.body, &result); err != nil || len(result.Results) != 1000 {
			t.Fatalf("%d results, %v", len(result.Results), err)
		}
		for i, r := range result.Results {
			if refused := i == 5 || i == 6; refused != (r.Error != nil) || refused != (r.State != api.Live) {
				t.Errorf("line %d: %+v", i, r)
			}
		}
	}
	expect(t, p.asTenant(t, tenants[999], request{method: "GET", target: "/v1/organization"}), 200)
	seen, target := map[string]bool{}, "/internal/v1/tenants?limit=400"
	for pages := 0; target != "" && pages < 10; pages++ {
		var page api.Inventory
		if err := json.Unmarshal(expect(t, p.asControlPlane(t, request{method: "GET", target: target}), 200).body, &page); err != nil {
			t.Fatal(err)
		}
		for _, line := range page.Tenants {
			seen[line.TenantID.String()] = line.State == api.Live && line.Epoch == 1
		}
		target = ""
		if page.Next != nil {
			target = fmt.Sprintf("/internal/v1/tenants?limit=400&after=%s", page.Next)
		}
	}
	if len(seen) != 998 || !seen[tenants[0].id.String()] {
		t.Errorf("inventory: %d tenants", len(seen))
	}
	if strings.Contains(p.log.String(), "ada@example.org") {
		t.Error("personal data was logged")
	}
}
