package app_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/testkit"
)

// Calls are counted whether they are answered from memory or not, and none is
// lost when the process stops in order. Strangers' are not counted.
func TestUsageOfTenants(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	tn := p.admit(t)
	calls := 0
	t.Run("a process that counts and stops", func(t *testing.T) {
		counting := startOn(t, p.dsn, func(o *app.APIOptions) { o.RedisURL, o.RedisTimeout = testkit.Redis(t), unhurried })
		as := func(r request) answer { calls++; return counting.asTenant(t, tn, r) }
		counting.remembered(t, "/v1/organization", as)
		expect(t, as(get("/v1/nothing-of-this-name")), 404)
		calls-- // it never came to the fence
		expect(t, as(request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "w"}}), 201)
		stranger := tn
		stranger.key = newKey(tn.id)
		expect(t, counting.asTenant(t, stranger, get("/v1/organization")), 401)
	})
	var usage api.Usage
	a := expect(t, p.asTenant(t, tn, get("/v1/usage")), 200)
	if err := json.Unmarshal(a.body, &usage); err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, item := range usage.Items {
		if item.Metric == api.APICalls {
			sum += item.Quantity
		}
	}
	if sum != int64(calls) || usage.To.Sub(usage.From.Time) != 29*24*time.Hour {
		t.Errorf("%d calls recorded, want %d: %s", sum, calls, a.body)
	}
	var heads internalapi.UsageHeads
	p.page(t, "/internal/v1/usage", &heads)
	var rows internalapi.UsageRows
	p.page(t, "/internal/v1/tenants/"+tn.id.String()+"/usage?epoch=1", &rows)
	if len(heads.Items) != 1 || heads.Items[0].TenantID != tn.id || len(rows.Items) == 0 || rows.Items[len(rows.Items)-1].Sequence != heads.Items[0].Sequence {
		t.Errorf("%+v %+v", heads, rows)
	}
	p.page(t, "/internal/v1/tenants/"+tn.id.String()+"/usage?epoch=1&after="+strconv.FormatInt(heads.Items[0].Sequence, 10), &rows)
	if len(rows.Items) != 0 {
		t.Errorf("behind the last one: %+v", rows)
	}
	for _, bad := range []string{"?from=yesterday", "?from=2026-02-01&to=2026-01-01", "?from=2020-01-01&to=2026-01-01"} {
		if a := p.asTenant(t, tn, get("/v1/usage"+bad)); a.status < 400 || a.status > 422 {
			t.Errorf("%s: %d %s", bad, a.status, a.body)
		}
	}
}

func (p *process) page(t *testing.T, target string, into any) {
	t.Helper()
	a := expect(t, p.asControlPlane(t, get(target)), http.StatusOK)
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatal(err)
	}
}
