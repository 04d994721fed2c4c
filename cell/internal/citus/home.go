package citus

import (
	"context"
	"maps"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/tenancy"
)

// home is where a tenant's rows are: a server, and what its tables are called
// there. On Citus that is the worker with the tenant's shards, whose one log has
// all changes of the tenant and of which one snapshot shows all rows: who asks
// the coordinator for them leaves the snapshot. Without Citus it is the server.
type home struct {
	node
	shards map[string]string // by table; nil: tables have their own names
}

// shardsSQL finds the shards of a tenant: they have the same place in the range
// of every table.
const shardsSQL = `
	SELECT s.logicalrelid::regclass::text, shard_name(s.logicalrelid, s.shardid), n.nodename, n.nodeport
	FROM pg_dist_partition p
	JOIN pg_dist_shard s ON s.logicalrelid = p.logicalrelid
	JOIN pg_dist_placement l ON l.shardid = s.shardid
	JOIN pg_dist_node n ON n.groupid = l.groupid AND n.noderole = 'primary'
	WHERE p.colocationid = (SELECT colocationid FROM pg_dist_partition WHERE logicalrelid = 'tenants'::regclass)
		AND s.shardminvalue = (SELECT shardminvalue FROM pg_dist_shard WHERE shardid = get_shard_id_for_distribution_column('tenants', $1::uuid))`

// homeOf finds where the tenant's rows are now. Shards move: see
// [Mover.atHome].
func (m *Mover) homeOf(ctx context.Context, id tenancy.ID) (home, error) {
	if has, err := pg.HasCitus(ctx, m.pool); err != nil || !has {
		return home{node: node{dsn: m.nodes.dsn, pool: m.pool}}, err
	}
	rows, err := m.pool.Query(ctx, shardsSQL, id.String())
	if err != nil {
		return home{}, err
	}
	shards := map[string]string{}
	var table, shard string
	var at address
	_, err = pgx.ForEachRow(rows, []any{&table, &shard, &at.host, &at.port}, func() error { shards[table] = shard; return nil })
	if err != nil {
		return home{}, err
	}
	n, err := m.nodes.at(ctx, at.host, at.port)
	return home{node: n, shards: shards}, err
}

// name is what a table is called there.
func (h home) name(table string) string {
	if shard, there := h.shards[table]; there {
		return shard
	}
	return table
}

// table is a table by the name that it has there.
func (h home) table(t cell.Table) cell.Table {
	t.Name = h.name(t.Name)
	return t
}

func (h home) same(other home) bool { return h.dsn == other.dsn && maps.Equal(h.shards, other.shards) }

// LogOf names the server whose log has the tenant's changes, and the tables by
// the names that they have in it.
func (m *Mover) LogOf(ctx context.Context, id tenancy.ID) (dsn string, tables map[string]string, err error) {
	h, err := m.homeOf(ctx, id)
	tables = map[string]string{}
	for table, shard := range h.shards {
		tables[shard] = table
	}
	return h.dsn, tables, translate(err, nil)
}

// atHome runs fn in a transaction that only reads, where the tenant's rows are,
// and fails if they were moved away meanwhile. It sees what the snapshot shows;
// "" is one of its own.
func (m *Mover) atHome(ctx context.Context, id tenancy.ID, snapshot string, fn func(pgx.Tx, home) error) error {
	h, err := m.homeOf(ctx, id)
	if err != nil {
		return translate(err, nil)
	}
	err = pg.InTx(ctx, h.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if snapshot != "" {
			if _, err := tx.Exec(ctx, `SET TRANSACTION SNAPSHOT `+literal(snapshot)); err != nil {
				if hasCode(err, invalidSnapshot...) {
					return fault.Wrap(err, fault.Gone, "the snapshot is gone; take another one")
				}
				return err
			}
		}
		return fn(tx, h)
	})
	if h.shards == nil {
		return translate(err, nil)
	}
	if now, lost := m.homeOf(ctx, id); lost == nil && !h.same(now) {
		// What a shard left behind where it was may be stale, or gone.
		return fault.New(fault.Unavailable, "the tenant's shards were moved to another server meanwhile; try again").After(retryDatabase)
	}
	return translate(err, nil)
}
