package citus_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// dump is a tenant's content in memory.
type dump struct {
	fence    cell.Fence
	sections []cell.Section
	rows     map[string][][]byte
}

func (d *dump) take(ctx context.Context, c *citus.Content) error {
	d.fence, d.sections, d.rows = c.Fence(), c.Sections(), map[string][][]byte{}
	for _, s := range d.sections {
		err := c.EachRow(ctx, s, func(row []byte) error {
			d.rows[s.Table] = append(d.rows[s.Table], slices.Clone(row))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *dump) digest(table string) cell.Digest {
	var digester cell.Digester
	for _, row := range d.rows[table] {
		digester.Add(row)
	}
	return digester.Digest()
}

func (db *database) dump(t *testing.T, id tenancy.ID) *dump {
	t.Helper()
	d := &dump{}
	must(t, db.mover.ReadContent(t.Context(), id, func(c *citus.Content) error { return d.take(t.Context(), c) }))
	return d
}

// strange fills a tenant with values that are easily lost on the way.
func (db *database) strange(t *testing.T) cell.Arrival {
	t.Helper()
	a := db.live(t)
	for _, name := range []string{"plain", `quotes " and \ back`, "lines\nand\ttabs", "Ünïcode 😀 \u2028", "{\"row\":1}", "null"} {
		_, err := db.addWorkspace(t.Context(), a, name)
		must(t, err)
	}
	id := a.TenantID.String()
	query(t, db.dsn, `UPDATE workspaces SET updated_at = '2024-02-29 23:59:59.123456+05:30' WHERE tenant_id = $1 AND name = 'plain' RETURNING 'x'`, id)
	query(t, db.dsn, `UPDATE workspaces SET updated_at = 'infinity' WHERE tenant_id = $1 AND name = 'null' RETURNING 'x'`, id)
	query(t, db.dsn, `INSERT INTO audit_logs (tenant_id, audit_id, actor_kind, action, subject_type, subject_id, request_id, details)
		SELECT $1::uuid, gen_random_uuid(), 'system', 'x', 'x', gen_random_uuid(), '', d::jsonb
		FROM unnest(ARRAY['null', '{"n": 12345678901234567890.123456789, "e": 1e400, "u": "\u00e9", "z": null}', '[1, "a", null]']) d RETURNING 'x'`, id)
	query(t, db.dsn, `INSERT INTO idempotency_keys (tenant_id, caller, key, fingerprint, status, body)
		SELECT $1::uuid, sha256('c'), k, sha256('f'), 200, '\x00ff0a22'::bytea FROM unnest(ARRAY['b', 'a', 'Z', '_', 'ä']) k RETURNING 'x'`, id)
	return a
}

func TestContentTravelsUnchanged(t *testing.T) {
	t.Parallel()
	from, to := open(t), open(t)
	a := from.strange(t)
	from.strange(t) // somebody else's rows stay where they are
	before := from.dump(t, a.TenantID)
	in := cell.Intake{ID: uuid.New(), TenantID: a.TenantID, Slug: a.Slug, Epoch: 5}
	must(t, to.mover.BeginIntake(t.Context(), in))
	for _, s := range before.sections {
		must(t, to.mover.TakeIn(t.Context(), in, s, before.rows[s.Table]))
		stored, err := to.mover.DigestIntake(t.Context(), in, s)
		if err != nil || stored != before.digest(s.Table) {
			t.Errorf("%s: %d rows, %v", s.Table, stored.Rows, err)
		}
	}
	call := by(a, cell.OrganizationRead)
	call.Epoch = 5
	if _, err := to.store.GetOrganization(t.Context(), call); err == nil {
		t.Error("it is served before its import ended")
	}
	must(t, to.mover.FinishIntake(t.Context(), in, "test"))
	if o, err := to.store.GetOrganization(t.Context(), call); err != nil || o.Name != "Acme" {
		t.Errorf("%+v, %v", o, err)
	}
	after := to.dump(t, a.TenantID)
	for _, s := range before.sections {
		want := len(before.rows[s.Table])
		if s.Table == "audit_logs" {
			want++ // tenant.imported
		} else if after.digest(s.Table) != before.digest(s.Table) {
			t.Errorf("%s differs", s.Table)
		}
		if len(after.rows[s.Table]) != want {
			t.Errorf("%s: %d rows, want %d", s.Table, len(after.rows[s.Table]), want)
		}
	}
}

func TestSectionsAreInForeignKeyOrder(t *testing.T) {
	t.Parallel()
	db := open(t)
	d := db.dump(t, db.live(t).TenantID)
	var order []string
	for _, s := range d.sections {
		order = append(order, s.Table)
	}
	if want := query(t, db.dsn, `SELECT relname::text FROM pg_class WHERE obj_description(oid, 'pg_class') = 'tenancy: tenant' AND relkind = 'r'`); len(want) != len(order) {
		t.Errorf("%v, want %v", order, want)
	}
	for _, reference := range query(t, db.dsn, `SELECT r.relname || ' ' || f.relname FROM pg_constraint k JOIN pg_class r ON r.oid = k.conrelid
		JOIN pg_class f ON f.oid = k.confrelid WHERE k.contype = 'f' AND f.relname <> 'tenants'`) {
		from, to, _ := strings.Cut(reference, " ")
		if slices.Contains(order, from) && slices.Index(order, from) < slices.Index(order, to) {
			t.Errorf("%s stands before %s, which it refers to", from, to)
		}
	}
}

func TestOwnCopyHasNoSecretsAndNobodyElsesRows(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.strange(t)
	other := db.strange(t)
	own := &dump{}
	read := func(c *citus.Content) error { return own.take(t.Context(), c) }
	must(t, db.store.ReadContent(t.Context(), &cell.Call{Tenant: a.TenantID, System: true}, read))
	whole := db.dump(t, a.TenantID)
	for table, rows := range whole.rows {
		if len(own.rows[table]) != len(rows) {
			t.Errorf("%s: %d of %d rows", table, len(own.rows[table]), len(rows))
		}
	}
	text := fmt.Sprintf("%s", own.rows)
	if strings.Contains(text, "key_hash") || strings.Contains(text, fmt.Sprintf("%x", a.OwnerKeyHash)) || strings.Contains(text, other.TenantID.String()) {
		t.Error("the copy has what must stay here")
	}
	if !strings.Contains(fmt.Sprintf("%s", whole.rows), fmt.Sprintf("%x", a.OwnerKeyHash)) {
		t.Error("the operators' export lacks the key's hash")
	}
	if err := db.store.ReadContent(t.Context(), by(a, cell.AuditRead), read); err == nil {
		t.Error("a tenant's own call read everything")
	}
}

// What is not whole here, or not here, is not read.
func TestContentIsReadBehindTheFence(t *testing.T) {
	t.Parallel()
	db := open(t)
	read := func(*citus.Content) error { t.Error("it was read"); return nil }
	if err := db.mover.ReadContent(t.Context(), tenancy.NewID(), read); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("nobody: %v", err)
	}
	a := arrival()
	_, err := db.mover.Prepare(t.Context(), a, "test")
	must(t, err)
	if err := db.mover.ReadContent(t.Context(), a.TenantID, read); err == nil {
		t.Error("importing: read")
	}
	a = db.live(t)
	ctx := t.Context()
	db.freeze(t, a, time.Hour)
	must(t, db.mover.Seal(ctx, a.TenantID, 1, 1))
	if d := db.dump(t, a.TenantID); d.fence.State != cell.Sealed || len(d.rows["users"]) != 1 {
		t.Errorf("sealed: %+v", d.fence)
	}
	must(t, db.mover.Depart(ctx, a.TenantID, 1, 1, "cell-b", 2))
	if err := db.mover.ReadContent(ctx, a.TenantID, read); fault.CodeOf(err) != fault.TenantMoved {
		t.Errorf("departed: %v", err)
	}
}

func TestIntakeIsOneAttempts(t *testing.T) {
	t.Parallel()
	db := open(t)
	ctx := t.Context()
	a := db.live(t)
	in := cell.Intake{ID: uuid.New(), TenantID: a.TenantID, Slug: a.Slug, Epoch: 1}
	if err := db.mover.BeginIntake(ctx, in); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("over a live tenant: %v", err)
	}
	must(t, db.mover.AbandonIntake(ctx, in)) // not its own rows
	d := db.dump(t, a.TenantID)
	must(t, db.mover.Remove(ctx, a.TenantID, 1), db.mover.BeginIntake(ctx, in))
	organization := d.sections[slices.IndexFunc(d.sections, func(s cell.Section) bool { return s.Table == "organizations" })]
	must(t, db.mover.TakeIn(ctx, in, organization, d.rows["organizations"]))
	second := in
	second.ID = uuid.New()
	must(t, db.mover.BeginIntake(ctx, second))
	for name, err := range map[string]error{
		"rows": db.mover.TakeIn(ctx, in, organization, d.rows["organizations"]), "end": db.mover.FinishIntake(ctx, in, "test"),
	} {
		if fault.CodeOf(err) != fault.Conflict {
			t.Errorf("%s of a replaced attempt: %v", name, err)
		}
	}
	must(t, db.mover.AbandonIntake(ctx, in))
	if n := query(t, db.dsn, `SELECT state FROM tenants WHERE tenant_id = $1`, a.TenantID.String()); len(n) != 1 || n[0] != "importing" {
		t.Errorf("the first attempt removed the second: %v", n)
	}
	for name, section := range map[string]cell.Section{
		"table": {Table: "goose_db_version", Columns: []string{"id"}}, "fence": {Table: "tenants", Columns: []string{"tenant_id"}},
		"column": {Table: "organizations", Columns: []string{"tenant_id", `name") VALUES (1)--`}},
	} {
		if err := db.mover.TakeIn(ctx, second, section, [][]byte{[]byte(`{}`)}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s that is not there: %v", name, err)
		}
	}
	users := cell.Section{Table: "users", Columns: []string{"tenant_id", "user_id", "email", "name", "role", "status"}}
	for _, row := range []string{
		`{"user_id":"x"}`, `{"user_id":"` + uuid.NewString() + `","email":"a@example.org","name":"x","role":"emperor","status":"active"}`, `{"email":null}`,
	} {
		if err := db.mover.TakeIn(ctx, second, users, [][]byte{[]byte(row)}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", row, err)
		}
	}
	must(t, db.mover.AbandonIntake(ctx, second))
	if n := query(t, db.dsn, `SELECT 'x' FROM tenants WHERE tenant_id = $1`, a.TenantID.String()); len(n) != 0 {
		t.Error("an abandoned attempt is still there")
	}
}

// Rows that name another tenant land with their own one, and are then found to
// differ from what was exported.
func TestRowsOfAnotherTenantDoNotGetIn(t *testing.T) {
	t.Parallel()
	db := open(t)
	a, victim := db.live(t), db.live(t)
	d := db.dump(t, victim.TenantID)
	must(t, db.mover.Remove(t.Context(), a.TenantID, 1))
	in := cell.Intake{ID: uuid.New(), TenantID: a.TenantID, Slug: a.Slug, Epoch: 1}
	must(t, db.mover.BeginIntake(t.Context(), in))
	for _, s := range d.sections {
		must(t, db.mover.TakeIn(t.Context(), in, s, d.rows[s.Table]))
		stored, err := db.mover.DigestIntake(t.Context(), in, s)
		if err != nil || len(d.rows[s.Table]) > 0 && stored == d.digest(s.Table) {
			t.Errorf("%s: %v", s.Table, err)
		}
	}
	if again := db.dump(t, victim.TenantID); len(again.rows["users"]) != 1 {
		t.Error("the victim's rows changed")
	}
}
