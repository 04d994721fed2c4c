package postgres

import (
	"strconv"
	"strings"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
)

// tenantConditions builds the WHERE clause from what was asked for only, so
// that the planner sees which index serves it. $1 is the id to begin after, $2
// the limit.
func tenantConditions(f controlplane.TenantFilter) (where string, args []any) {
	conditions := []string{"t.tenant_id > $1"}
	add := func(column, value string) {
		args = append(args, value)
		conditions = append(conditions, column+" = $"+strconv.Itoa(len(args)+2))
	}
	if f.Cell != "" {
		add("t.cell_id", f.Cell)
	}
	if f.Plan != "" {
		add("t.plan", f.Plan)
	}
	if f.State != "" {
		add("t.state", string(f.State))
		if f.State != directory.Active {
			conditions = append(conditions, "t.state <> 'active'") // lets the partial index be used
		}
	} else {
		conditions = append(conditions, "t.state <> 'deleted'")
	}
	if f.Slug != "" {
		args = append(args, f.Slug)
		conditions = append(conditions, "t.tenant_id = (SELECT tenant_id FROM claims WHERE kind = 'slug' AND value = $"+strconv.Itoa(len(args)+2)+")")
	}
	return "WHERE " + strings.Join(conditions, " AND "), args
}
