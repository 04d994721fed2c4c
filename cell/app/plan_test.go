package app_test

import "testing"

// A plan is taken once, in the directory's order, and by a tenant that is here.
func TestThePlanFollowsTheDirectory(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := newTenant()
	path := "/internal/v1/tenants/" + tn.id.String()
	tell := func(epoch, version int, plan string) request {
		return request{method: "PUT", target: path + "/plan", body: map[string]any{"epoch": epoch, "version": version, "plan": plan}}
	}
	expect(t, p.asControlPlane(t, tell(1, 7, "team")), 421)
	expect(t, p.asControlPlane(t, request{method: "PUT", target: path, body: tn.arrival()}), 200)
	expect(t, p.asControlPlane(t, tell(1, 7, "team")), 503)
	expect(t, p.asControlPlane(t, request{method: "POST", target: path + "/activate", body: map[string]any{"epoch": 1}}), 200)
	etag := ""
	for _, step := range []struct {
		version int
		plan    string
		want    string
		changes bool
	}{{7, "team", "team", true}, {7, "team", "team", false}, {9, "business", "business", true}, {8, "team", "business", false}} {
		expect(t, p.asControlPlane(t, tell(1, step.version, step.plan)), 204)
		got := expect(t, p.asTenant(t, tn, request{method: "GET", target: "/v1/organization"}), 200)
		if got.text("plan") != step.want || (got.header.Get("ETag") != etag) != step.changes {
			t.Errorf("after %+v: %s %s", step, got.header.Get("ETag"), got.body)
		}
		etag = got.header.Get("ETag")
	}
	expect(t, p.asControlPlane(t, tell(2, 10, "free")), 503) // the cell is behind
	expect(t, p.asControlPlane(t, tell(1, 0, "free")), 422)
}
