package citus_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

// Each filter of the audit log is answered by an index, whatever the tenant's
// share of the table.
func TestAuditFiltersUseIndexes(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	query(t, dsn, `INSERT INTO tenants (tenant_id, slug, state, epoch, content_hash)
		SELECT ('00000000-0000-7000-8000-00000000000' || i)::uuid, 's' || i, 'live', 1, '' FROM generate_series(1, 2) i RETURNING slug`)
	query(t, dsn, `INSERT INTO audit_logs (tenant_id, audit_id, at, actor_kind, actor_id, action, subject_type, subject_id, request_id, details)
		SELECT ('00000000-0000-7000-8000-00000000000' || 1 + i % 2)::uuid, ('00000000-' || lpad(to_hex(i), 4, '0') || '-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid,
			to_timestamp(i), 'user', ('00000000-0000-7000-8000-' || lpad(to_hex(i % 500), 12, '0'))::uuid, 'project.' || i % 300, 'project',
			('00000000-0000-7000-8000-' || lpad(to_hex(i % 5000), 12, '0'))::uuid, '', '{}' FROM generate_series(1, 20000) i RETURNING 'x'`)
	analyze(t, dsn)
	for filter, index := range map[string]string{
		`actor_id = $2`:   "audit_logs_actor",
		`subject_id = $2`: "audit_logs_subject",
		`action = 'project.7' AND $2::uuid IS NOT NULL`: "audit_logs_action",
		`audit_id < $2`: "audit_logs_pkey",
	} {
		plan := strings.Join(query(t, dsn, `EXPLAIN SELECT * FROM audit_logs WHERE tenant_id = $1 AND `+filter+` ORDER BY audit_id DESC LIMIT 50`,
			"00000000-0000-7000-8000-000000000001", uuid.Max.String()), "\n")
		if !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan") {
			t.Errorf("%s: no %s in\n%s", filter, index, plan)
		}
	}
}

func analyze(t *testing.T, dsn string) {
	t.Helper()
	_, err := superuser(t, dsn).Exec(t.Context(), `ANALYZE audit_logs`)
	must(t, err)
}
