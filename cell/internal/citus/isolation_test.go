package citus_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

func TestWithoutContextNoRowIsVisible(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, other := db.live(t), db.live(t)
	_, err := db.addWorkspace(t.Context(), a, "mine")
	must(t, err)
	conn, err := pgx.Connect(t.Context(), testkit.DSNAs(t, db.dsn, citus.AppRole, passwords.App))
	must(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	for _, table := range []string{
		"tenants", "tenant_gate", "organizations", "users", "api_keys", "workspaces", "projects", "audit_logs", "audit_chain", "audit_checkpoints", "audit_horizons", "jobs", "schedules", "idempotency_keys",
		"webhook_endpoints", "webhook_deliveries", "webhook_attempts",
		"credentials", "recovery_codes", "passkeys", "devices", "one_time_codes", "sign_in_attempts", "user_sets",
	} {
		var n int
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d rows without context, %v", table, n, err)
		}
	}
	tx, err := conn.Begin(t.Context())
	must(t, err)
	_, err = tx.Exec(t.Context(), `SET LOCAL app.tenant_id = '`+other.TenantID.String()+`'`)
	must(t, err)
	_, err = tx.Exec(t.Context(), `INSERT INTO workspaces (tenant_id, workspace_id, name, description) VALUES ($1, $2, 'x', '')`,
		a.TenantID.String(), newID().String())
	if err == nil {
		t.Error("a row was written into another tenant")
	}
	must(t, tx.Rollback(t.Context()))
}

func TestAppRoleHasNoMoreRightsThanItNeeds(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	for role, statements := range map[[2]string][]string{
		{citus.AppRole, passwords.App}: {
			`UPDATE tenants SET state = 'sealed'`, `UPDATE tenants SET tenant_id = tenant_id`, `UPDATE tenant_gate SET open = true`, `DELETE FROM tenants`,
			`UPDATE audit_logs SET action = 'x'`, `DELETE FROM audit_logs`, `TRUNCATE audit_logs`,
			`UPDATE audit_chain SET seq = 9`, `DELETE FROM audit_chain`, `UPDATE audit_checkpoints SET no = 9`, `DELETE FROM audit_checkpoints`,
			`INSERT INTO audit_checkpoints SELECT * FROM audit_checkpoints`, `DELETE FROM audit_horizons`, `INSERT INTO audit_horizons SELECT * FROM audit_horizons`,
			`ALTER TABLE users DISABLE ROW LEVEL SECURITY`, `SET ROLE cell_mover`, `UPDATE organizations SET plan = 'gold'`,
		},
		{citus.RelayRole, passwords.Relay}: {
			`SELECT email FROM users`, `UPDATE tenants SET tenant_id = tenant_id`, `DELETE FROM jobs`,
		},
		{citus.MoverRole, passwords.Mover}: {
			`UPDATE audit_logs SET action = 'x'`, `UPDATE audit_chain SET seq = 9`, `UPDATE audit_checkpoints SET no = 9`, `UPDATE audit_horizons SET seq = 9`, `UPDATE users SET role = 'owner'`,
			`UPDATE credentials SET password_hash = ''`, `UPDATE passkeys SET name = 'x'`,
			`UPDATE organizations SET name = 'x'`,
		},
	} {
		conn, err := pgx.Connect(t.Context(), testkit.DSNAs(t, db.dsn, role[0], role[1]))
		must(t, err)
		_, err = conn.Exec(t.Context(), `SET app.tenant_id = '`+a.TenantID.String()+`'`)
		must(t, err)
		for _, statement := range statements {
			if _, err := conn.Exec(t.Context(), statement); err == nil {
				t.Errorf("%s may: %s", role[0], statement)
			}
		}
		must(t, conn.Close(t.Context()))
	}
}

// Retention removes jobs, but none that has still to be done.
func TestAppRoleDeletesFinishedJobsOnly(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	super, err := pgx.Connect(t.Context(), db.dsn)
	must(t, err)
	defer super.Close(t.Context())
	for _, state := range []string{"pending", "queued", "running", "done", "dead", "cancelled"} {
		_, err := super.Exec(t.Context(), `INSERT INTO jobs (tenant_id, job_id, kind, payload, state, attempts, max_attempts, run_at) VALUES ($1, $2, 'test', '{}', $3, 0, 8, now())`, a.TenantID.String(), newID().String(), state)
		must(t, err)
	}
	app, err := pgx.Connect(t.Context(), testkit.DSNAs(t, db.dsn, citus.AppRole, passwords.App))
	must(t, err)
	defer app.Close(t.Context())
	must(t, pgx.BeginFunc(t.Context(), app, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), `SET LOCAL app.tenant_id = '`+a.TenantID.String()+`'`); err != nil {
			return err
		}
		tag, err := tx.Exec(t.Context(), `DELETE FROM jobs WHERE tenant_id = $1 AND kind = 'test'`, a.TenantID.String())
		if tag.RowsAffected() != 3 {
			t.Errorf("%s", tag)
		}
		return err
	}))
}

func TestKeysAndRights(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, other := db.live(t), db.live(t)
	foreign := by(a, cell.OrganizationRead)
	foreign.KeyHash = other.OwnerKeyHash
	if _, err := db.store.GetOrganization(t.Context(), foreign); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("another tenant's key: %v", err)
	}
	for role, may := range map[cell.Role]bool{cell.Viewer: false, cell.Member: false, cell.Admin: true} {
		call := db.withUser(t, a, role)
		call.Permission = cell.WorkspacesWrite
		_, err := db.store.CreateWorkspace(t.Context(), call, cell.Workspace{ID: newID(), Name: string(role)}, entry("workspace.created"))
		if (err == nil) != may || !may && fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("%s writes a workspace: %v", role, err)
		}
	}
	revoked := by(a, cell.OrganizationRead)
	query(t, db.dsn, `UPDATE api_keys SET revoked_at = now() WHERE tenant_id = $1 RETURNING 'x'`, a.TenantID.String())
	if _, err := db.store.GetOrganization(t.Context(), revoked); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("a revoked key: %v", err)
	}
}

// withUser adds a user with a key of its own and returns its call.
func (db *database) withUser(t *testing.T, a cell.Arrival, role cell.Role) *cell.Call {
	t.Helper()
	user, hash := newID().String(), keyHash(newID().String())
	query(t, db.dsn, `WITH u AS (INSERT INTO users (tenant_id, user_id, email, name, role, status) VALUES ($1, $2, $3, 'x', $4, 'active') RETURNING 1)
		SELECT 'x' FROM u`, a.TenantID.String(), user, user+"@example.org", string(role))
	query(t, db.dsn, `INSERT INTO api_keys (tenant_id, key_id, user_id, key_hash) VALUES ($1, $2, $2, $3) RETURNING 'x'`, a.TenantID.String(), user, hash)
	return &cell.Call{Tenant: a.TenantID, Epoch: 1, KeyHash: hash, RequestID: "test"}
}
