package citus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
)

// Cluster is the door for those who run the servers: nodes, and where shards
// are. It connects as the database's owner and is for one user at a time.
type Cluster struct{ conn *pgx.Conn }

// ErrNoCitus says that the database is one server and has no nodes to speak of.
var ErrNoCitus = errors.New("the database does not use Citus: install the extension, CREATE EXTENSION citus, then run `cell schema up`")

// OpenCluster connects to the coordinator, or fails with ErrNoCitus.
func OpenCluster(ctx context.Context, dsn string) (*Cluster, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, describeConnect(err)
	}
	has, err := pg.HasCitus(ctx, conn)
	if err == nil && !has {
		err = ErrNoCitus
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
	}
	return &Cluster{conn: conn}, nil
}

// Close closes the connection.
func (c *Cluster) Close(ctx context.Context) error { return c.conn.Close(context.WithoutCancel(ctx)) }

// Nodes lists the servers, the coordinator first.
func (c *Cluster) Nodes(ctx context.Context) ([]cell.Node, error) {
	const query = `
		SELECT n.nodename, n.nodeport, n.groupid = 0, n.isactive, count(s.shardid), coalesce(sum(s.shard_size), 0)::bigint
		FROM pg_dist_node n
		LEFT JOIN citus_shards s ON s.nodename = n.nodename AND s.nodeport = n.nodeport
		WHERE n.noderole = 'primary'
		GROUP BY n.nodeid, n.nodename, n.nodeport, n.groupid, n.isactive ORDER BY n.groupid, n.nodeid`
	rows, err := c.conn.Query(ctx, query)
	if err != nil {
		return nil, translate(err, nil)
	}
	nodes, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (n cell.Node, err error) {
		err = r.Scan(&n.Host, &n.Port, &n.Coordinator, &n.Active, &n.Shards, &n.Bytes)
		return n, err
	})
	return nodes, translate(err, nil)
}

// AddNode lets a server that has the database and the extension take part. It
// holds no shards until a rebalance. Repeating it changes nothing.
func (c *Cluster) AddNode(ctx context.Context, host string, port int) error {
	_, err := c.conn.Exec(ctx, `SELECT citus_add_node($1, $2)`, host, port)
	if err != nil {
		return fmt.Errorf("add %s (it must run the same versions, hold an empty database of the same name with the extension, and let the coordinator's roles in): %w",
			hostPort(host, port), err)
	}
	if err := onWorkers(ctx, c.conn, replicaRight); err != nil {
		return fmt.Errorf("rights of the role %s (add the server again once they can be given): %w", MoverRole, err)
	}
	return nil
}

// DrainNode moves every shard off a node; with its last one gone it may be removed.
func (c *Cluster) DrainNode(ctx context.Context, host string, port int) error {
	if err := c.refuseDuringMoves(ctx); err != nil {
		return err
	}
	_, err := c.conn.Exec(ctx, `SELECT citus_set_node_property($1, $2, 'shouldhaveshards', false)`, host, port)
	if err != nil {
		return fmt.Errorf("drain %s: %w", hostPort(host, port), err)
	}
	_, err = c.conn.Exec(ctx, `SELECT citus_rebalance_start(drain_only => true)`)
	return translate(err, nil)
}

// RemoveNode takes a node without shards out of the cluster.
func (c *Cluster) RemoveNode(ctx context.Context, host string, port int) error {
	if _, err := c.conn.Exec(ctx, `SELECT citus_remove_node($1, $2)`, host, port); err != nil {
		return fmt.Errorf("remove %s (drain it first): %w", hostPort(host, port), err)
	}
	return nil
}

// Plan says which shards a rebalance would move.
func (c *Cluster) Plan(ctx context.Context) ([]cell.ShardMove, error) {
	const query = `
		SELECT shardid, sum(shard_size) OVER (PARTITION BY shardid)::bigint, sourcename, sourceport, targetname, targetport
		FROM get_rebalance_table_shards_plan() WHERE table_name = 'tenants'::regclass`
	rows, err := c.conn.Query(ctx, query)
	if err != nil {
		return nil, translate(err, nil)
	}
	moves, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (m cell.ShardMove, err error) {
		var from, to string
		var fromPort, toPort int
		err = r.Scan(&m.Shard, &m.Bytes, &from, &fromPort, &to, &toPort)
		m.From, m.To = hostPort(from, fromPort), hostPort(to, toPort)
		return m, err
	})
	return moves, translate(err, nil)
}

// Rebalance begins to move shards until nodes hold about the same, in the
// background. It is refused while tenants migrate, and migrations are while it runs.
func (c *Cluster) Rebalance(ctx context.Context) (started bool, err error) {
	if err := c.refuseDuringMoves(ctx); err != nil {
		return false, err
	}
	var job *int64 // null: nothing to move
	err = c.conn.QueryRow(ctx, `SELECT citus_rebalance_start()`).Scan(&job)
	return job != nil && *job > 0, translate(err, nil)
}

// RebalanceState looks at the newest rebalance.
func (c *Cluster) RebalanceState(ctx context.Context) (cell.Rebalance, error) {
	const query = `
		SELECT j.job_id, j.state::text, count(t.task_id) FILTER (WHERE t.status = 'done'), count(t.task_id),
		       coalesce(max(t.message) FILTER (WHERE t.status = 'error'), '')
		FROM pg_dist_background_job j LEFT JOIN pg_dist_background_task t USING (job_id)
		WHERE j.job_id = (SELECT max(job_id) FROM pg_dist_background_job WHERE job_type = 'rebalance')
		GROUP BY j.job_id, j.state`
	var r cell.Rebalance
	err := c.conn.QueryRow(ctx, query).Scan(&r.ID, &r.State, &r.Done, &r.Total, &r.Problem)
	if errors.Is(err, pgx.ErrNoRows) {
		return cell.Rebalance{}, nil
	}
	return r, translate(err, nil)
}

// refuseDuringMoves refuses what moves shards while others are moved, and while
// tenants migrate: the log of a worker that a shard has left says nothing of it.
func (c *Cluster) refuseDuringMoves(ctx context.Context) error {
	state, err := c.RebalanceState(ctx)
	if err != nil {
		return err
	}
	if !state.Over() {
		return fault.New(fault.Conflict, "a rebalance is running (%d of %d moves done); wait for it: cell nodes status --wait", state.Done, state.Total)
	}
	var leaving, arriving int
	b := &pgx.Batch{}
	b.Queue(`SELECT count(*) FROM exports WHERE state <> 'failed'`).QueryRow(into(&leaving, scanOne[int]))
	b.Queue(`SELECT count(*) FROM imports WHERE state NOT IN ('failed', 'activated')`).QueryRow(into(&arriving, scanOne[int]))
	if err := c.conn.SendBatch(ctx, b).Close(); err != nil {
		return translate(err, nil)
	}
	if leaving+arriving > 0 {
		return fault.New(fault.Conflict, "migrations are open, %d from this cell and %d to it, and shards must stay where they are until those are over: "+
			"wait for them, and finish their rollback windows (cellctl migration ls --open, cellctl migration finish)", leaving, arriving)
	}
	return nil
}

func hostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
