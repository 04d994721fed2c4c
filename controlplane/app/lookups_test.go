package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
)

// Keys that cannot be any tenant's share a request with keys that are, and must
// not spoil it.
func TestLookupsAnswerEveryKeyInOrder(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	p.withCell(t, "cell-a", "us-central1", 10)
	acme, bolt := p.signUp(t, "acme").Tenant, p.signUp(t, "bolt").Tenant
	keys := []struct {
		json string
		slug string // "" for none
	}{
		{`{"kind":"slug","value":"bolt"}`, "bolt"},
		{`{"kind":"slug","value":"nobody"}`, ""},
		{`{"kind":"id","value":"` + acme.TenantID.String() + `"}`, "acme"},
		{`{"kind":"slug","value":"acme"}`, "acme"},
		{`{"kind":"slug","value":"bolt"}`, "bolt"}, // for the second time
		{`{"kind":"slug","value":"ACME"}`, ""},
		{`{"kind":"slug","value":"acme."}`, ""},
		{`{"kind":"slug","value":" acme"}`, ""},
		{`{"kind":"slug","value":"acme\u0000"}`, ""},
		{`{"kind":"slug","value":"аcme"}`, ""},
		{`{"kind":"slug","value":"\ud800"}`, ""},
		{`{"kind":"slug","value":"` + "\xff" + `"}`, ""},
		{`{"kind":"slug","value":""}`, ""},
		{`{"kind":"slug"}`, ""},
		{`{"kind":"slug","value":"` + strings.Repeat("a", 5000) + `"}`, ""},
		{`{"kind":"domain","value":"acme"}`, ""},
		{`{"kind":"domain","value":"App.Example.org"}`, ""},
		{`{"kind":"id","value":"acme"}`, ""},
		{`{"kind":"id","value":"` + strings.ToUpper(acme.TenantID.String()) + `"}`, ""},
		{`{"kind":"id","value":"{` + acme.TenantID.String() + `}"}`, ""},
		{`{"kind":"mail","value":"acme"}`, ""},
		{`{"kind":"sl\u0000ug","value":"acme"}`, ""},
		{`{"value":"acme"}`, ""},
		{`{"kind":"slug","value":"'; DROP TABLE tenants; --"}`, ""},
	}
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = key.json
	}
	status, _, body, err := p.do("POST", "/v1/directory/lookups", p.keys[controlplane.RoleRouter], "application/json; charset=utf-8", strings.NewReader(`{"keys":[`+strings.Join(texts, ",")+`]}`))
	var answer directory.LookupAnswer
	if err != nil || status != http.StatusOK || json.Unmarshal([]byte(body), &answer) != nil || len(answer.Entries) != len(keys) || answer.Version != bolt.Version {
		t.Fatalf("%d %s %v", status, body, err)
	}
	for i, entry := range answer.Entries {
		slug := ""
		if entry != nil {
			slug = string(entry.Tenant.Slug)
		}
		if slug != keys[i].slug || entry != nil && entry.Cell.ID != "cell-a" {
			t.Errorf("%s: %q, want %q", keys[i].json, slug, keys[i].slug)
		}
	}
	full := strings.Repeat(`{"kind":"slug","value":"acme"},`, directory.MaxLookupKeys)
	status, _, body, err = p.do("POST", "/v1/directory/lookups", p.keys[controlplane.RoleRouter], "application/json", strings.NewReader(fmt.Sprintf(`{"keys":[%s]}`, strings.TrimSuffix(full, ","))))
	if err != nil || status != http.StatusOK || strings.Count(body, acme.TenantID.String()) != directory.MaxLookupKeys {
		t.Errorf("%d keys: %d %s %v", directory.MaxLookupKeys, status, body, err)
	}
}
