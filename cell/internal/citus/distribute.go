package citus

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/pg"
)

// distribute spreads every table over the workers by tenant, all of one tenant
// on one node, if the database has the Citus extension; else it does nothing.
// Tables that are distributed already are left alone.
func distribute(ctx context.Context, conn *pgx.Conn) error {
	has, err := pg.HasCitus(ctx, conn)
	if err != nil || !has {
		return err
	}
	for _, table := range slices.Concat(fenceTables, tenantTables) {
		if err := distributeTable(ctx, conn, table); err != nil {
			return fmt.Errorf("distribute %s: %w", table, err)
		}
	}
	// Without this the workers would not learn the tenant of a transaction.
	for _, role := range []string{AppRole, RelayRole, MoverRole} {
		if err := alterRole(ctx, conn, `ALTER ROLE `+role+` SET citus.propagate_set_commands = 'local'`); err != nil {
			return err
		}
	}
	// The roles reach the workers by themselves, but not this right of theirs.
	if err := onWorkers(ctx, conn, replicaRight); err != nil {
		return err
	}
	// A tenant's query goes to the tenant's shard: one that would ask them all is refused.
	return alterRole(ctx, conn, `ALTER ROLE `+AppRole+` SET citus.multi_task_query_log_level = 'error'`)
}

func distributeTable(ctx context.Context, conn *pgx.Conn, table string) error {
	var done bool
	const query = `SELECT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = $1::text::regclass)`
	if err := conn.QueryRow(ctx, query, table).Scan(&done); err != nil || done {
		return err
	}
	colocate := fenceTables[0]
	if table == colocate {
		colocate = "none" // the first one makes the group
	}
	_, err := conn.Exec(ctx, `SELECT create_distributed_table($1::text::regclass, 'tenant_id', colocate_with => $2)`, table, colocate)
	return err
}

// onWorkers runs a statement on every worker.
func onWorkers(ctx context.Context, conn *pgx.Conn, statement string) error {
	rows, err := conn.Query(ctx, `SELECT nodename, nodeport, result FROM run_command_on_workers($1) WHERE NOT success`, statement)
	if err != nil {
		return err
	}
	var host, problem string
	var port int
	_, err = pgx.ForEachRow(rows, []any{&host, &port, &problem}, func() error {
		return fmt.Errorf("worker %s: %s", hostPort(host, port), problem)
	})
	return err
}
