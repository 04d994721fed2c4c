package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// scriptTenants is for how many tenants there are scripts: SET LOCAL takes no
// variable, and pgbench prepares every statement of each on every connection.
const scriptTenants = 8

// scripts are pgbench's, one a tenant. They send the store's statements in the
// store's pipelines, with the values in place of parameters.
type scripts struct {
	name string
	text func(t target) string
}

const (
	contextSQL = "SET LOCAL app.tenant_id = '%s';\n"
	fenceSQL   = `SELECT t.state, t.epoch, coalesce(t.moved_to, ''), coalesce(t.moved_epoch, 0), u.user_id, coalesce(u.role_id::text, u.role, ''), ` +
		`coalesce(r.role_id::text, ''), r.permissions, k.scopes, k.expires_at, k.used_on IS DISTINCT FROM (now() AT TIME ZONE 'UTC')::date FROM tenants t JOIN tenant_gate g ON g.tenant_id = t.tenant_id ` +
		`LEFT JOIN api_keys k ON k.tenant_id = t.tenant_id AND k.key_hash = '\x%x' AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()) ` +
		`LEFT JOIN users u ON u.tenant_id = k.tenant_id AND u.user_id = k.user_id AND u.status = 'active' ` +
		`LEFT JOIN roles r ON r.tenant_id = u.tenant_id AND r.role_id = u.role_id WHERE t.tenant_id = '%s'%s;` + "\n"
	projectColumns = `project_id, workspace_id, name, description, status, tags, version, created_at, updated_at`
	forWrite       = ` AND g.open FOR SHARE OF t`
)

func readScript(fence bool) scripts {
	return scripts{fmt.Sprintf("read-%t", fence), func(t target) string {
		s := "\\startpipeline\nBEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n" + fmt.Sprintf(contextSQL, t.Tenant)
		if fence {
			s += fmt.Sprintf(fenceSQL, t.KeyHash, t.Tenant, "")
		}
		return s + fmt.Sprintf("SELECT %s FROM projects WHERE tenant_id = '%s' AND project_id = '%s';\nCOMMIT;\n\\endpipeline\n", projectColumns, t.Tenant, t.Project)
	}}
}

func insertScript(fence bool) scripts {
	return scripts{fmt.Sprintf("insert-%t", fence), func(t target) string {
		s := "\\startpipeline\nBEGIN;\n" + fmt.Sprintf(contextSQL, t.Tenant)
		if fence {
			s += fmt.Sprintf(fenceSQL, t.KeyHash, t.Tenant, forWrite)
		}
		return s + fmt.Sprintf(`INSERT INTO projects (tenant_id, project_id, workspace_id, name, description, status) `+
			`VALUES ('%s', gen_random_uuid(), '%s', gen_random_uuid()::text, '', 'active') RETURNING %s;`+"\n", t.Tenant, t.Workspace, projectColumns) +
			fmt.Sprintf(`INSERT INTO audit_logs (tenant_id, audit_id, actor_kind, action, subject_type, subject_id, request_id, details, actor_id, actor_client, actor_subject) `+
				`SELECT t.tenant_id, gen_random_uuid(), 'user', 'project.created', 'project', gen_random_uuid(), 'pgbench', `+
				`'{"name": "01a21ce9-8afc-73ee-9b24-da9c81ea7b1d", "workspace_id": "%s"}'::jsonb, k.user_id, '', '' `+
				`FROM tenants t LEFT JOIN api_keys k ON k.tenant_id = t.tenant_id AND k.key_hash = '\x%x' WHERE t.tenant_id = '%s';`+"\n", t.Workspace, t.KeyHash, t.Tenant) +
			"\\endpipeline\nCOMMIT;\n"
	}}
}

var pgbenchTPS = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

// pgbench has so many transactions done, by prepared statements as the store's
// are, and returns their number a second. It is not given a time: that would
// pass while it logs in.
func (w *world) pgbench(ctx context.Context, s scripts, transactions int64) (float64, error) {
	args := []string{
		"-n", "-M", "prepared", "-c", strconv.Itoa(loadConns), "-j", "2", "-t", strconv.FormatInt(max(transactions/loadConns, 1), 10),
	}
	for i, t := range w.targets[:scriptTenants] {
		path := filepath.Join(w.dir, fmt.Sprintf("%s-%d.sql", s.name, i))
		if err := os.WriteFile(path, []byte(s.text(t)), 0o600); err != nil {
			return 0, err
		}
		args = append(args, "-f", path)
	}
	command := exec.CommandContext(ctx, "pgbench", append(args, w.postgres.DSN(appRole, w.password, database))...)
	command.Env = environment()
	var out, complaints bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaints
	if err := command.Run(); err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, trim(complaints.Bytes()))
	}
	found := pgbenchTPS.FindStringSubmatch(out.String())
	if found == nil || !strings.Contains(out.String(), "number of failed transactions: 0 ") {
		return 0, fmt.Errorf("pgbench: %s%s", out.String(), complaints.String())
	}
	return strconv.ParseFloat(found[1], 64)
}
