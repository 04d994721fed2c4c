package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/testkit"
)

// otherDatabase has the process find another database than it trusts, as after a
// restore.
func (p *process) otherDatabase(t *testing.T) {
	t.Helper()
	p.exec(t, `UPDATE incarnation SET timeline = timeline + 100`)
}

func (p *process) refuses(t *testing.T, tn tenant) bool {
	t.Helper()
	a := p.asTenant(t, tn, request{method: "GET", target: "/v1/organization"})
	return a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "" && a.code() == "unavailable"
}

// A cell whose database is another one serves nobody and takes no part in moves,
// until it was told what became of its tenants.
func TestARestoredCellServesNobodyUntilItIsReconciled(t *testing.T) {
	t.Parallel()
	p := start(t, func(o *app.APIOptions) { o.RedisURL = testkit.Redis(t) })
	stays, leaves, goes := p.admit(t), p.admit(t), p.admit(t)
	for _, tn := range []tenant{stays, leaves, goes} {
		expect(t, p.asTenant(t, tn, request{method: "GET", target: "/v1/organization"}), http.StatusOK)
	}
	p.otherDatabase(t)
	testkit.Eventually(t, "the cell refuses", func() bool { return p.refuses(t, stays) })

	for _, target := range []string{"/internal/v1/transfer", "/internal/v1/tenants/" + stays.id.String() + "/size"} {
		expect(t, p.asControlPlane(t, request{method: "GET", target: target}), http.StatusServiceUnavailable)
	}
	for _, method := range []string{"PUT", "DELETE"} {
		expect(t, p.asControlPlane(t, request{method: method, target: "/internal/v1/tenants/" + stays.id.String() + "?epoch=1", body: stays.arrival()}), http.StatusServiceUnavailable)
	}
	standing := expect(t, p.asControlPlane(t, request{method: "GET", target: "/internal/v1/standing"}), http.StatusOK)
	if !strings.Contains(string(standing.body), `"serving":false`) {
		t.Errorf("%s", standing.body)
	}
	expect(t, p.asControlPlane(t, request{method: "DELETE", target: "/internal/v1/transfer/moves"}), http.StatusOK)
	list := expect(t, p.asControlPlane(t, request{method: "GET", target: "/internal/v1/tenants"}), http.StatusOK)
	if !strings.Contains(string(list.body), stays.slug) || !strings.Contains(string(list.body), `"plan":"free"`) {
		t.Errorf("%s", list.body)
	}

	order := func(tn tenant, more map[string]any) map[string]any {
		o := map[string]any{"tenant_id": tn.id, "state": "live", "epoch": 1}
		for k, v := range more {
			o[k] = v
		}
		return o
	}
	results := expect(t, p.asControlPlane(t, request{method: "POST", target: "/internal/v1/standing/fences", body: map[string]any{"fences": []any{
		order(leaves, map[string]any{"action": "depart", "cell": "cell-b", "to_epoch": 2}),
		order(goes, map[string]any{"action": "remove"}),
		order(stays, map[string]any{"action": "open", "state": "sealed"}), // it is not
	}}}), http.StatusOK)
	if strings.Count(string(results.body), `"done":true`) != 2 {
		t.Errorf("%s", results.body)
	}
	found := p.texts(t, `SELECT system_identifier || ' ' || ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint FROM pg_control_system()`)[0]
	id, timeline, _ := strings.Cut(found, " ")
	expect(t, p.asControlPlane(t, request{method: "PUT", target: "/internal/v1/standing", body: `{"system_id":"` + id + `","timeline":99}`}), http.StatusConflict)
	trust := request{method: "PUT", target: "/internal/v1/standing", body: `{"system_id":"` + id + `","timeline":` + timeline + `}`}
	expect(t, p.asControlPlane(t, trust), http.StatusNoContent)
	testkit.Eventually(t, "the cell serves", func() bool { return !p.refuses(t, stays) })

	expect(t, p.asTenant(t, stays, request{method: "GET", target: "/v1/organization"}), http.StatusOK)
	if a := expect(t, p.asTenant(t, leaves, request{method: "GET", target: "/v1/organization"}), http.StatusMisdirectedRequest); a.header.Get("X-Tenant-Cell") != "cell-b" {
		t.Errorf("%v", a.header)
	}
	expect(t, p.asTenant(t, goes, request{method: "GET", target: "/v1/organization"}), http.StatusMisdirectedRequest)
	numbers := p.texts(t, `SELECT freeze_no::text FROM tenants`)
	expect(t, p.asControlPlane(t, trust), http.StatusNoContent)
	if again := p.texts(t, `SELECT freeze_no::text FROM tenants`); strings.Join(again, " ") != strings.Join(numbers, " ") || numbers[0] != "1000000" {
		t.Errorf("numbers of freezes: %v, then %v", numbers, again)
	}
}

// Jobs of a restored database wait, too.
func TestAWorkerDoesNothingFromARestoredDatabase(t *testing.T) {
	t.Parallel()
	p, sink, broker := start(t, nil), newSink(t), testkit.RabbitMQ(t)
	timeline := p.texts(t, `SELECT timeline::text FROM incarnation`)[0]
	tn := p.signUp(t) // its welcome is a job
	p.otherDatabase(t)
	p.startWorker(t, broker, sink, nil)
	testkit.Eventually(t, "the cell refuses", func() bool { return p.refuses(t, tn) })
	if states := p.texts(t, `SELECT state::text FROM jobs`); len(states) != 1 || states[0] != "pending" {
		t.Errorf("jobs are %v", states)
	}
	p.exec(t, `UPDATE incarnation SET timeline = `+timeline)
	sink.await(t, 1)
}

// An archive takes the place of what is there only if all of it is good.
func TestAnArchiveReplacesATenant(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	tn, other := p.admit(t), p.admit(t)
	p.addWorkspace(t, tn, "kept")
	archive := expect(t, p.asControlPlane(t, request{method: "GET", target: "/internal/v1/tenants/" + tn.id.String() + "/archive"}), http.StatusOK)
	p.addWorkspace(t, tn, "a mistake")
	p.addWorkspace(t, other, "of another tenant")

	put := func(body string, epoch, replace string) answer {
		return p.asControlPlane(t, request{method: "PUT", target: "/internal/v1/tenants/" + tn.id.String() + "/archive?epoch=" + epoch + replace, body: body, media: "application/x-ndjson"})
	}
	expect(t, put(string(archive.body), "2", ""), http.StatusConflict)
	if a := put(string(archive.body[:len(archive.body)-40]), "2", "&replace=true"); a.status/100 != 4 {
		t.Errorf("a damaged archive was answered %d %s", a.status, a.body)
	}
	expect(t, put(string(archive.body), "1", "&replace=false"), http.StatusConflict)
	names := func(tn tenant, epoch uint64) string {
		return string(expect(t, p.atEpoch(t, tn, epoch, request{method: "GET", target: "/v1/workspaces"}), http.StatusOK).body)
	}
	if list := names(tn, 1); !strings.Contains(list, "a mistake") {
		t.Fatalf("what failed has changed something: %s", list)
	}
	for range 2 { // again is the same
		expect(t, put(string(archive.body), "2", "&replace=true"), http.StatusOK)
		if list := names(tn, 2); !strings.Contains(list, "kept") || strings.Contains(list, "a mistake") {
			t.Errorf("workspaces: %s", list)
		}
	}
	if list := names(other, 1); !strings.Contains(list, "of another tenant") {
		t.Errorf("another tenant has %s", list)
	}
}
