package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/testkit"
)

// A tenant moves to a cell of another kind as it does to one of the same.
func TestTenantMovesBetweenPostgresAndCitus(t *testing.T) {
	t.Parallel()
	if !testkit.OnCitus(t) {
		t.Log("no server here offers Citus")
		return
	}
	dsn := testkit.PostgresWithSchema(t, "cell", func(ctx context.Context, dsn string) error {
		_, err := citus.ApplySchema(ctx, dsn, passwords)
		return err
	})
	plain := startOn(t, dsn, func(o *app.APIOptions) { o.Cell = "cell-a" })
	sharded := start(t, func(o *app.APIOptions) { o.Cell = "cell-b" })
	for _, way := range []struct {
		from, to         *process
		fromCell, toCell string
	}{{plain, sharded, "cell-a", "cell-b"}, {sharded, plain, "cell-b", "cell-a"}} {
		tn := way.from.signUp(t)
		workspace := way.from.addWorkspace(t, tn, "one")
		way.from.addProjects(t, tn, workspace, 3_000)
		m := newMove(t, way.from, way.to, tn, 1)
		m.openExport()
		expect(t, way.from.addProject(t, tn, 1, workspace, "by the stream"), http.StatusCreated)
		m.call(way.to, "PUT", m.imports(), m.importBody(way.from, way.fromCell, "copy", 2), &api.Import{})
		m.awaitReady(way.to)
		m.mustVerify(way.to)
		expect(t, way.from.addProject(t, tn, 1, workspace, "compared again"), http.StatusCreated)
		m.switchOver(way.from, way.to, way.toCell, 1)
		if here, there := way.from.dump(t, "projects", tn), way.to.dump(t, "projects", tn); here != there || strings.Count(here, "\n") != 3_001 {
			t.Errorf("%d and %d bytes of projects", len(here), len(there))
		}
		expect(t, way.to.addProject(t, tn, 2, workspace, "after"), http.StatusCreated)
	}
}

// A shard that moves takes a tenant out of the log that its export reads, and
// nothing says so. The export fails, nothing is lost, and the tenant may leave
// from where it is now.
func TestShardsMoveUnderAnExport(t *testing.T) {
	t.Parallel()
	if !testkit.OnCitus(t) {
		t.Log("no server here offers Citus")
		return
	}
	source, target := pair(t)
	tn := source.signUp(t)
	workspace := source.addWorkspace(t, tn, "one")
	m := newMove(t, source, target, tn, 1)
	m.openExport()
	m.openImport()
	m.awaitReady(target)
	m.mustVerify(target)
	source.moveShards(t, tn)
	expect(t, source.addProject(t, tn, 1, workspace, "written elsewhere"), http.StatusCreated)
	body := map[string]any{"epoch": 1, "migration_id": m.id, "for_ms": 1000}
	expect(t, m.call(source, "POST", "/freeze", body, nil), http.StatusConflict)
	m.await(target, api.ImportStateFailed)
	if i := m.importAt(target); !strings.Contains(*i.Failure, "shards") {
		t.Errorf("failure: %s", *i.Failure)
	}
	expect(t, source.addProject(t, tn, 1, workspace, "goes on"), http.StatusCreated)
	expect(t, m.call(target, "DELETE", m.imports(), nil, nil), http.StatusNoContent)
	expect(t, m.call(source, "DELETE", m.exports(), nil, nil), http.StatusNoContent)
	slots := `SELECT coalesce(sum(result::int), 0)::text FROM run_command_on_all_nodes($$SELECT count(*) FROM pg_replication_slots WHERE database = current_database()$$)`
	testkit.Eventually(t, "no slot on any server", func() bool { return source.texts(t, slots)[0] == "0" })
	newMove(t, source, target, tn, 1).carry()
	if here, there := source.dump(t, "projects", tn), target.dump(t, "projects", tn); here != there || !strings.Contains(here, "elsewhere") {
		t.Errorf("%s\n%s", here, there)
	}
}

// moveShards moves the tenant's shards to the other worker, as somebody may who
// does not ask the cell's own command.
func (p *process) moveShards(t testing.TB, tn tenant) {
	t.Helper()
	p.onDatabase(t, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `SELECT citus_move_shard_placement(s.shardid, s.nodename, s.nodeport, n.nodename, n.nodeport, 'block_writes')
			FROM citus_shards s, pg_dist_node n
			WHERE s.shardid = get_shard_id_for_distribution_column('tenants', $1::uuid)
				AND n.noderole = 'primary' AND n.shouldhaveshards AND n.nodeport <> s.nodeport`, tn.id.String())
		return err
	})
}
