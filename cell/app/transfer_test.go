package app_test

import (
	"net/http"
	"strings"
	"testing"
)

// Everything of a tenant is in the target after a migration, and nothing else.
func TestTenantMoves(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn, neighbour := source.signUp(t), source.signUp(t)
	workspace := source.addWorkspace(t, tn, "one")
	source.addWorkspace(t, neighbour, "not yours")
	source.addProjects(t, tn, workspace, 10_000)
	m := newMove(t, source, target, tn, 1)
	pause := m.carry()
	t.Logf("write pause %s", pause)
	for _, table := range source.tenantTables(t) {
		here, there := source.dump(t, table, tn), target.dump(t, table, tn)
		switch table {
		case "jobs": // the welcome, that nobody has sent
			here = strings.ReplaceAll(here, "queued", "pending")
		case "audit_logs": // and one row of the arrival
			there = strings.Join(target.texts(t, `SELECT t::text FROM audit_logs t WHERE tenant_id = $1 AND action <> 'tenant.migrated' ORDER BY 1`, tn.id.String()), "\n")
		case "audit_chain", "audit_checkpoints": // the target seals what came with the arrival
			there = there[:min(len(here), len(there))]
		}
		if here != there {
			t.Errorf("%s differs:\n%.300s\n%.300s", table, here, there)
		}
		if stray := target.dump(t, table, neighbour); stray != "" {
			t.Errorf("%s: rows of another tenant: %s", table, stray)
		}
	}
	get := request{method: "GET", target: "/v1/organization"}
	expect(t, target.atEpoch(t, tn, 2, get), http.StatusOK)
	moved := expect(t, source.asTenant(t, tn, get), http.StatusMisdirectedRequest)
	if moved.header.Get("X-Tenant-Cell") != "cell-b" || moved.header.Get("X-Tenant-Epoch") != "2" {
		t.Errorf("moved to %v", moved.header)
	}
	expect(t, target.addProject(t, tn, 2, workspace, "after"), http.StatusCreated)
}

func (p *process) tenantTables(t testing.TB) []string {
	t.Helper()
	tables := p.texts(t, `SELECT relname::text FROM pg_class WHERE obj_description(oid, 'pg_class') = 'tenancy: tenant' ORDER BY 1`)
	if len(tables) < 8 {
		t.Fatalf("only %v", tables)
	}
	return tables
}

// What the source had handed out is handed out again at the target, and a
// request that is repeated there takes no second effect.
func TestJobsAndAnswersMove(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn := source.signUp(t)
	workspace := source.addWorkspace(t, tn, "one")
	for state, cancelled := range map[string]string{"pending": "false", "queued": "false", "running": "false", "done": "false", "dead": "true"} {
		source.sql(t, `INSERT INTO jobs (tenant_id, job_id, kind, payload, state, attempts, max_attempts, run_at, cancel_requested)
			VALUES ('`+tn.id.String()+`', gen_random_uuid(), '`+state+`', '{}', '`+state+`', 1, 8, now() + interval '1 day', `+cancelled+`)`)
	}
	source.sql(t, `INSERT INTO jobs (tenant_id, job_id, kind, payload, state, attempts, max_attempts, cancel_requested)
		VALUES ('`+tn.id.String()+`', gen_random_uuid(), 'unwanted', '{}', 'running', 1, 8, true)`)
	once := request{
		method: "POST", target: "/v1/projects", body: map[string]any{"workspace_id": workspace, "name": "once"},
		header: http.Header{"Idempotency-Key": {"k1"}},
	}
	first := expect(t, source.asTenant(t, tn, once), http.StatusCreated)
	newMove(t, source, target, tn, 1).carry()
	states := strings.Join(target.texts(t, `SELECT kind || ' ' || state || ' ' || attempts FROM jobs WHERE tenant_id = $1 AND kind <> 'welcome_email' ORDER BY 1`, tn.id.String()), ", ")
	if states != "dead dead 1, done done 1, pending pending 1, queued pending 1, running pending 1, unwanted cancelled 1" {
		t.Errorf("jobs: %s", states)
	}
	again := expect(t, target.atEpoch(t, tn, 2, once), http.StatusCreated)
	if string(again.body) != string(first.body) || strings.Count(target.dump(t, "projects", tn), "once") != 1 {
		t.Errorf("%s, then %s", first.body, again.body)
	}
}
