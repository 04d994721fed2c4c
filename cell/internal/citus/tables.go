package citus

// tenantTables are the tables with a tenant's own rows, referenced ones before
// those that refer to them. They are distributed in this order and emptied in
// the reverse one. A test compares the list with the database's catalog.
var tenantTables = []string{
	"organizations",
	"roles",
	"users",
	"api_keys",
	"sessions",
	"credentials",
	"recovery_codes",
	"passkeys",
	"devices",
	"one_time_codes",
	"sign_in_attempts",
	"user_sets",
	"invitations",
	"workspaces",
	"workspace_members",
	"projects",
	"project_terms",
	"audit_logs",
	"audit_chain",
	"audit_checkpoints",
	"audit_horizons",
	"jobs",
	"schedules",
	"idempotency_keys",
	"usage",
	"webhook_endpoints",
	"webhook_deliveries",
	"webhook_attempts",
}

// fenceTables are the cell's own record about a tenant, in the same order.
var fenceTables = []string{"tenants", "tenant_gate", "exports", "imports", "import_tables", "import_touched", endedImports, lateUsage}

// These outlive what else a cell knows about a tenant.
const (
	endedImports = "ended_imports"
	lateUsage    = "late_usage"
)
