package citus

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// BusiestTenants lists tenants by what they cost the cluster in Citus' current
// period and the one before (citus.stat_tenants_period, a minute by default),
// the most expensive first. It needs citus.stat_tenants_track = 'all'.
func (c *Cluster) BusiestTenants(ctx context.Context, limit int) ([]cell.TenantLoad, error) {
	const query = `
		SELECT s.tenant_attribute::uuid, h.nodename, h.nodeport,
		       s.read_count_in_this_period + s.read_count_in_last_period, s.query_count_in_this_period + s.query_count_in_last_period,
		       s.cpu_usage_in_this_period + s.cpu_usage_in_last_period,
		       (SELECT coalesce(sum(b.shard_size), 0)::bigint FROM citus_shards b
		        JOIN pg_dist_shard d ON d.shardid = b.shardid
		        WHERE b.colocation_id = s.colocation_id AND d.shardminvalue = p.shardminvalue),
		       p.shardminvalue = p.shardmaxvalue
		FROM citus_stat_tenants(true) s
		JOIN pg_dist_shard p ON p.shardid = get_shard_id_for_distribution_column('tenants', s.tenant_attribute::uuid)
		JOIN citus_shards h ON h.shardid = p.shardid
		WHERE s.colocation_id = (SELECT colocationid FROM pg_dist_partition WHERE logicalrelid = 'tenants'::regclass)
		  AND s.tenant_attribute ~ '^[0-9a-f-]{36}$'
		ORDER BY 6 DESC, 5 DESC`
	rows, err := c.conn.Query(ctx, query)
	if err != nil {
		return nil, translate(err, nil)
	}
	loads, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (l cell.TenantLoad, err error) {
		var id uuid.UUID
		var host string
		var port int
		var cpu float64
		err = r.Scan(&id, &host, &port, &l.Reads, &l.Queries, &cpu, &l.ShardBytes, &l.Isolated)
		l.TenantID, l.Node, l.CPU = tenancy.ID(id), hostPort(host, port), time.Duration(cpu*float64(time.Second))
		return l, err
	})
	if err != nil {
		return nil, translate(err, nil)
	}
	loads, err = c.ownTenants(ctx, loads)
	return loads[:min(limit, len(loads))], translate(err, nil)
}

// ownTenants leaves out tenants of other databases on the same servers, which
// Citus counts together.
func (c *Cluster) ownTenants(ctx context.Context, loads []cell.TenantLoad) ([]cell.TenantLoad, error) {
	ids := make([]string, len(loads))
	for i, l := range loads {
		ids[i] = l.TenantID.String()
	}
	rows, err := c.conn.Query(ctx, `SELECT tenant_id FROM tenants WHERE tenant_id = ANY($1::text[]::uuid[])`, ids)
	if err != nil {
		return nil, err
	}
	own, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	return slices.DeleteFunc(loads, func(l cell.TenantLoad) bool { return !slices.Contains(own, uuid.UUID(l.TenantID)) }), err
}

// IsolateTenant gives a tenant shards of its own, in the place where they are;
// a rebalance may then give it a worker of its own. Writers of the tenants that
// shared the shard wait shortly.
func (c *Cluster) IsolateTenant(ctx context.Context, id tenancy.ID) error {
	if err := c.refuseDuringMoves(ctx); err != nil {
		return err
	}
	if _, err := c.conn.Exec(ctx, `SELECT isolate_tenant_to_new_shard('tenants', $1::uuid, 'CASCADE', shard_transfer_mode => 'auto')`, id.String()); err != nil {
		return fmt.Errorf("isolate tenant %s: %w", id, err)
	}
	return nil
}
