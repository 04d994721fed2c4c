package citus_test

import (
	"testing"
	"time"

	"github.com/coditect/platform/cell"
)

// Each kind loses what is older than its age and over, a batch at a time, and
// nothing else; other tenants lose nothing.
func TestRetention(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, other := db.live(t), db.live(t)
	user := query(t, db.dsn, `SELECT user_id::text FROM users WHERE tenant_id = $1`, a.TenantID.String())[0]
	for _, tenant := range []cell.Arrival{a, other} {
		id := tenant.TenantID.String()
		holder := user
		if tenant.TenantID == other.TenantID {
			holder = query(t, db.dsn, `SELECT user_id::text FROM users WHERE tenant_id = $1`, id)[0]
		}
		for _, age := range []string{"1 hour", "100 days", "100 days", "100 days"} {
			query(t, db.dsn, `INSERT INTO jobs (tenant_id, job_id, kind, payload, state, max_attempts, updated_at)
				SELECT $1, gen_random_uuid(), 'report', '{}', state, 8, now() - $2::interval FROM unnest('{done,dead,cancelled,pending,running}'::text[]) AS s (state)`, id, age)
			query(t, db.dsn, `INSERT INTO invitations (tenant_id, invitation_id, email, role, expires_at)
				VALUES ($1, gen_random_uuid(), gen_random_uuid()::text, 'viewer', now() - $2::interval)`, id, age)
			query(t, db.dsn, `INSERT INTO sessions (tenant_id, session_id, user_id, secret_hash, address, user_agent, expires_at, ended_at)
				SELECT $1, gen_random_uuid(), $3, sha256(gen_random_uuid()::text::bytea), '', '', now() - $2::interval + interval '2 hours', ended
				FROM unnest(ARRAY[NULL, now() - interval '30 days', now() - interval '32 days']) AS e (ended)`, id, age, holder)
		}
		query(t, db.dsn, `INSERT INTO webhook_endpoints (tenant_id, endpoint_id, url, description, events, active, secret)
			VALUES ($1, gen_random_uuid(), 'https://example.org', '', '{}', true, sha256('x'))`, id)
		query(t, db.dsn, `INSERT INTO webhook_deliveries (tenant_id, endpoint_id, event_id, event, state, updated_at)
			SELECT tenant_id, endpoint_id, gen_random_uuid(), 'x', s, now() - interval '100 days' FROM webhook_endpoints, unnest('{pending,delivered,failed}'::text[]) AS s
			WHERE tenant_id = $1`, id)
		query(t, db.dsn, `INSERT INTO usage (tenant_id, epoch, sequence, batch, metric, day, quantity)
			SELECT $1, e, n, gen_random_uuid(), 'seats', current_date - 1000, 1 FROM generate_series(1, 2) AS e, generate_series(1, 3) AS n`, id)
	}
	ref := cell.JobRef{TenantID: a.TenantID, JobID: newID()}
	counts := func(tenant cell.Arrival) map[string]string {
		found := map[string]string{}
		for _, table := range []string{"jobs", "invitations", "sessions", "webhook_deliveries", "usage"} {
			found[table] = query(t, db.dsn, `SELECT count(*)::text FROM `+table+` WHERE tenant_id = $1`, tenant.TenantID.String())[0]
		}
		return found
	}
	before := counts(other)
	for _, age := range cell.RetentionOf("free").Ages(time.Now()) {
		for removed := 2; removed == 2; {
			var err error
			removed, err = db.store.RemoveAged(t.Context(), ref, age, 2)
			must(t, err)
		}
	}
	// The arrival's welcome is the eleventh job that is not old or not over.
	for table, want := range map[string]string{"jobs": "12", "invitations": "1", "sessions": "5", "webhook_deliveries": "1", "usage": "2"} {
		if got := counts(a)[table]; got != want {
			t.Errorf("%s of %s are left, want %s", got, table, want)
		}
	}
	for table, n := range counts(other) {
		if n != before[table] {
			t.Errorf("another tenant has %s of %s instead of %s", n, table, before[table])
		}
	}
	db.freeze(t, a, time.Hour)
	if _, err := db.store.RemoveAged(t.Context(), ref, cell.Age{What: cell.AgedJobs, Before: time.Now()}, 10); err == nil {
		t.Error("something was removed behind a closed fence")
	}
}

func TestRetentionsOfPlans(t *testing.T) {
	t.Parallel()
	for _, plan := range []string{"free", "team", "business", "enterprise", "one of another version"} {
		r := cell.RetentionOf(plan)
		if r.Deliveries > r.Audit || r.Jobs < cell.FileLife || min(r.Audit, r.Deliveries, r.Jobs, r.Usage) <= 0 {
			t.Errorf("%s: %+v", plan, r)
		}
	}
}
