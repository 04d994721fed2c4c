package citus_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/testkit"
)

func openCluster(t *testing.T, dsn string) *citus.Cluster {
	t.Helper()
	cluster, err := citus.OpenCluster(t.Context(), dsn)
	must(t, err)
	t.Cleanup(func() { must(t, cluster.Close(testkit.Context(t))) })
	return cluster
}

// await waits for the newest rebalance to be over: Citus moves one shard after
// the other, each with a subscription of its own, and looks for the next every
// few seconds.
func await(t *testing.T, cluster *citus.Cluster) {
	t.Helper()
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for limit := time.After(4 * time.Minute); ; {
		r, err := cluster.RebalanceState(t.Context())
		must(t, err)
		switch {
		case r.State == "failed":
			t.Fatalf("the rebalance failed: %s", r.Problem)
		case r.Over():
			return
		}
		select {
		case <-look.C:
		case <-limit:
			t.Fatalf("the rebalance is not over: %+v", r)
		}
	}
}

func workers(t *testing.T, cluster *citus.Cluster) []cell.Node {
	t.Helper()
	nodes, err := cluster.Nodes(t.Context())
	must(t, err)
	return slices.DeleteFunc(nodes, func(n cell.Node) bool { return n.Coordinator })
}

// A worker leaves, comes back and gets shards again; tenants work all the while.
func TestAWorkerLeavesAndComesBack(t *testing.T) {
	t.Parallel()
	if !testkit.OnCitus(t) {
		t.Log("on plain Postgres there are no workers")
		return
	}
	db := open(t)
	cluster := openCluster(t, db.dsn)
	a := db.live(t)
	before := workers(t, cluster)
	leaving := before[1]
	if len(before) != 2 || leaving.Shards == 0 {
		t.Fatalf("%+v", before)
	}
	if err := cluster.RemoveNode(t.Context(), leaving.Host, leaving.Port); err == nil {
		t.Error("a worker with shards was removed")
	}
	must(t, cluster.DrainNode(t.Context(), leaving.Host, leaving.Port))
	await(t, cluster)
	must(t, cluster.RemoveNode(t.Context(), leaving.Host, leaving.Port))
	if left := workers(t, cluster); len(left) != 1 || left[0].Shards != before[0].Shards+leaving.Shards {
		t.Errorf("after it left: %+v", left)
	}
	_, err := db.addWorkspace(t.Context(), a, "on the one that is left")
	must(t, err)
	must(t, cluster.AddNode(t.Context(), leaving.Host, leaving.Port))
	must(t, cluster.AddNode(t.Context(), leaving.Host, leaving.Port)) // again: no change
	if plan, err := cluster.Plan(t.Context()); err != nil || len(plan) == 0 {
		t.Errorf("planned are %v, %v", plan, err)
	}
	started, err := cluster.Rebalance(t.Context())
	if err != nil || !started {
		t.Fatalf("%v, %v", started, err)
	}
	await(t, cluster)
	if after := workers(t, cluster); len(after) != 2 || min(after[0].Shards, after[1].Shards) == 0 {
		t.Errorf("rebalanced: %+v", after)
	}
	list, err := db.store.ListWorkspaces(t.Context(), by(a, cell.WorkspacesRead), uuid.Nil, cell.PageRequest{Limit: 10})
	if err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

// Citus counts the tenants of all databases together; a cell is shown its own.
func TestBusiestTenantsAreTheCellsOwn(t *testing.T) {
	t.Parallel()
	if !testkit.OnCitus(t) {
		t.Log("plain Postgres counts no tenants")
		return
	}
	db, other := open(t), open(t)
	a, stranger := db.live(t), other.live(t)
	for range 20 {
		_, err := db.addWorkspace(t.Context(), a, newID().String())
		must(t, err)
		_, err = other.addWorkspace(t.Context(), stranger, newID().String())
		must(t, err)
	}
	cluster := openCluster(t, db.dsn)
	loads, err := cluster.BusiestTenants(t.Context(), 1000)
	must(t, err)
	for _, l := range loads {
		if l.TenantID != a.TenantID {
			t.Errorf("shown is %+v, which is not here", l)
		}
	}
	must(t, cluster.IsolateTenant(t.Context(), a.TenantID))
	shard := query(t, db.dsn, `SELECT (shardminvalue = shardmaxvalue)::text FROM pg_dist_shard WHERE shardid = get_shard_id_for_distribution_column('tenants', $1::uuid)`, a.TenantID.String())
	if shard[0] != "true" {
		t.Error("the tenant has no shard of its own")
	}
	_, err = db.addWorkspace(t.Context(), a, "in its own")
	must(t, err)
}

// A table that was forgotten is said to be, before a tenant is on its way.
func TestATableThatIsNotDistributedIsAProblem(t *testing.T) {
	t.Parallel()
	db := open(t)
	query(t, db.dsn, `CREATE TABLE forgotten (tenant_id uuid, x int, PRIMARY KEY (tenant_id, x))`)
	query(t, db.dsn, `COMMENT ON TABLE forgotten IS 'tenancy: tenant'`)
	query(t, db.dsn, `GRANT SELECT, INSERT, DELETE ON forgotten TO cell_mover`)
	tables, err := db.mover.Tables(t.Context())
	must(t, err)
	for _, table := range tables {
		forgotten := table.Name == "forgotten" && testkit.OnCitus(t)
		if (table.Problem != "") != forgotten || forgotten && !strings.Contains(table.Problem, "create_distributed_table('forgotten'") {
			t.Errorf("%s: %q", table.Name, table.Problem)
		}
	}
}
