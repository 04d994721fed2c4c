package citus

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/pg"
)

// distributedSQL lists the tables that lie where the tenants' others do.
const distributedSQL = `
SELECT logicalrelid::regclass::text FROM pg_dist_partition
WHERE colocationid = (SELECT colocationid FROM pg_dist_partition WHERE logicalrelid = 'tenants'::regclass)`

// noteUndistributed finds, where the cell is on Citus, tables with tenants' rows
// that do not lie with the others of their tenant: no worker has them, so no
// log there tells of their changes.
func noteUndistributed(ctx context.Context, pool *pgxpool.Pool, tables []cell.Table) error {
	if has, err := pg.HasCitus(ctx, pool); err != nil || !has {
		return err
	}
	rows, err := pool.Query(ctx, distributedSQL)
	if err != nil {
		return err
	}
	distributed := map[string]bool{}
	var name string
	if _, err := pgx.ForEachRow(rows, []any{&name}, func() error { distributed[name] = true; return nil }); err != nil {
		return err
	}
	for i, t := range tables {
		if t.Class == cell.ClassTenant && t.Problem == "" && !distributed[t.Name] {
			tables[i].Problem = fmt.Sprintf("the table %s is not distributed with the tenants' others: SELECT create_distributed_table('%s', 'tenant_id', colocate_with => 'tenants')", t.Name, t.Name)
		}
	}
	return nil
}
