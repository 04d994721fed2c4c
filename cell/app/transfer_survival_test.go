package app_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell/api"
	internal "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/testkit"
)

// Each test here has something of a tenant straddle a migration: docs/migration.md
// lists them.

// toFreeze brings a migration to right before its freeze.
func (m *move) toFreeze() {
	m.t.Helper()
	m.openExport()
	m.openImport()
	m.awaitReady(m.target)
	m.mustVerify(m.target)
}

// Who follows a tenant's events goes on at the target where the source broke
// off: nothing is lost, nothing comes twice, also of what the source had not
// numbered yet.
func TestCursorsGoOnInTheTarget(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn := source.signUp(t)
	conn, ready := source.follow(t, tn, "")
	cursor := ready.Cursor
	for _, name := range []string{"a1", "a2"} {
		source.addWorkspaceNamed(t, tn, name)
		for e := next(t, conn); ; e = next(t, conn) {
			if cursor = e.Cursor; e.Details["name"] == name {
				break
			}
		}
	}
	_ = conn.CloseNow()
	source.addWorkspaceNamed(t, tn, "b1")
	m := newMove(t, source, target, tn, 1)
	m.toFreeze()
	source.addWorkspaceNamed(t, tn, "b2")
	m.switchOver(source, target, "cell-b", 1)
	expect(t, target.atEpoch(t, tn, 2, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "c1"}}), 201)

	want := []string{"b1", "b2", "c1"}
	follower, _ := target.follow(t, tn, cursor)
	var got []string
	for len(got) < len(want) {
		if e := next(t, follower); e.Type == "workspace.created" {
			got = append(got, e.Details["name"].(string))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("over the WebSocket came %v", got)
	}
	if got := target.streamed(t, tn, cursor, len(want)); !slices.Equal(got, want) {
		t.Errorf("as a stream came %v", got)
	}
}

// streamed returns the names of the first n workspaces made behind the cursor,
// as server-sent events tell them.
func (p *process) streamed(t *testing.T, tn tenant, cursor string, n int) (names []string) {
	t.Helper()
	r := p.eventsRequest(t, tn, "")
	r.Header.Set("Last-Event-ID", cursor)
	r.Header.Set("Accept", "text/event-stream")
	resp, err := p.client.Do(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", resp, err)
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); len(names) < n && lines.Scan(); {
		text, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e event
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == "workspace.created" {
			names = append(names, e.Details["name"].(string))
		}
	}
	return names
}

// The audit log is one chain in both cells, and the source's checkpoints hold.
func TestTheAuditChainGoesOnInTheTarget(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn := source.signUp(t)
	verification := func(p *process, epoch uint64) (v api.AuditVerification) {
		t.Helper()
		if err := json.Unmarshal(expect(t, p.atEpoch(t, tn, epoch, get("/v1/audit-log/verification")), 200).body, &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	source.addWorkspaceNamed(t, tn, "one")
	testkit.Eventually(t, "a checkpoint of the source", func() bool {
		v := verification(source, 1)
		return v.Intact && v.Pending == 0 && v.LastCheckpoint != nil
	})
	before := verification(source, 1)
	m := newMove(t, source, target, tn, 1)
	m.toFreeze()
	source.addWorkspaceNamed(t, tn, "two") // whichever cell seals it
	m.switchOver(source, target, "cell-b", 1)
	expect(t, target.atEpoch(t, tn, 2, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "three"}}), 201)
	testkit.EventuallyOK(t, "everything in the chain", func() error {
		v := verification(target, 2)
		if !v.Intact {
			t.Fatalf("%+v", v)
		}
		if v.Pending != 0 || v.Entries < before.Entries+2 || v.LastCheckpoint == nil {
			return fmt.Errorf("%+v, before: %+v", v, before)
		}
		return nil
	})
	rows := target.texts(t, `SELECT count(*)::text FROM audit_logs WHERE tenant_id = $1`, tn.id.String())[0]
	if v := verification(target, 2); v.Checkpoints < 1 || rows != strconv.FormatInt(v.Entries, 10) {
		t.Errorf("%s rows, %d entries in the chain", rows, v.Entries)
	}
}

// A session goes on in the target, and one that was ended stays so.
func TestSessionsGoOnInTheTarget(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	w := newWorld(t, source)
	user := source.addUser(t, w.tn, "member")
	ended, kept := w.beginSession(t, user), w.beginSession(t, user)
	expect(t, source.asTenant(t, w.as(user), request{method: "DELETE", target: "/v1/users/" + user + "/sessions/" + ended.text("session_id")}), 204)
	newMove(t, source, target, w.tn, 1).carry()
	there := &world{p: target, tn: w.tn, t: t}
	expect(t, there.checkSession(t, ended.text("secret")), 401)
	if a := expect(t, there.checkSession(t, kept.text("secret")), 200); a.text("user_id") != user {
		t.Errorf("%s", a.body)
	}
	expect(t, target.atEpoch(t, w.tn, 2, request{method: "DELETE", target: "/v1/users/" + user + "/sessions/" + kept.text("session_id")}), 204)
	expect(t, there.checkSession(t, kept.text("secret")), 401)
}

// Deliveries that the source had not sent are sent by the target, each once; the
// source sends nothing any more.
func TestDeliveriesGoOutOnce(t *testing.T) {
	t.Parallel()
	withHooks := func(name string) *process {
		return start(t, func(o *app.APIOptions) { o.Cell, o.Egress = name, toLoopback })
	}
	source, target, r := withHooks("cell-a"), withHooks("cell-b"), newReceiver(t)
	tn := source.admit(t)
	e := source.addEndpoint(t, tn, map[string]any{"url": r.url, "events": []string{"workspace.created"}})
	source.addWorkspaceNamed(t, tn, "sealed at the source")
	testkit.Eventually(t, "a delivery that waits", func() bool { return source.dump(t, "webhook_deliveries", tn) != "" })
	m := newMove(t, source, target, tn, 1)
	m.toFreeze()
	source.addWorkspaceNamed(t, tn, "right before")
	m.switchOver(source, target, "cell-b", 1)
	expect(t, target.atEpoch(t, tn, 2, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "at the target"}}), 201)
	for _, p := range []*process{source, target} {
		p.startWorker(t, testkit.RabbitMQ(t), newSink(t), func(o *app.WorkerOptions) { o.Egress = toLoopback })
	}
	r.await(t, 3)
	testkit.Eventually(t, "no delivery that waits", func() bool {
		return len(target.texts(t, `SELECT state FROM webhook_deliveries WHERE tenant_id = $1 AND state <> 'delivered'`, tn.id.String())) == 0
	})
	ids := map[string]bool{}
	messages := r.await(t, 3)
	for _, m := range messages {
		if !m.genuine(t, e.secret) {
			t.Errorf("%v", m.header)
		}
		ids[m.header.Get("Webhook-Id")] = true
	}
	if len(messages) != 3 || len(ids) != 3 {
		t.Errorf("%d messages of %d events", len(messages), len(ids))
	}
}

// What falls due while the tenant is on its way is done once: a job that was put
// off, and a schedule's slot. Both cells have workers all the time.
func TestWhatFallsDueOnTheWayIsDoneOnce(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	mails := map[*process]*sink{}
	for _, p := range []*process{source, target} {
		mails[p] = newSink(t)
		p.startWorker(t, testkit.RabbitMQ(t), mails[p], nil)
	}
	tn := source.signUp(t)
	mails[source].await(t, 1) // the welcome
	m := newMove(t, source, target, tn, 1)
	m.toFreeze()
	due := []any{tn.id.String(), uuid.Must(uuid.NewV7()).String(), source.texts(t, `SELECT payload::text FROM jobs WHERE tenant_id = $1 AND kind = 'welcome_email'`, tn.id.String())[0], time.Now().Add(3 * time.Second)}
	source.exec(t, `INSERT INTO jobs (tenant_id, job_id, kind, payload, state, max_attempts, run_at) VALUES ($1, $2, 'welcome_email', $3::text::jsonb, 'pending', 8, $4)`, due...)
	source.exec(t, `INSERT INTO schedules (tenant_id, schedule_id, name, cron, time_zone, missed, kind, payload, next_run_at)
		VALUES ($1, $2, 'yearly', '0 0 1 1 *', 'UTC', 'once', 'welcome_email', $3::text::jsonb, $4)`, due...)
	f := m.freeze(source, 1, 20*time.Second)
	testkit.Eventually(t, "its time", func() bool {
		return source.texts(t, `SELECT (now() > next_run_at)::text FROM schedules WHERE tenant_id = $1 AND name = 'yearly'`, tn.id.String())[0] == "true"
	})
	m.pass(f, source, target, "cell-b", 1)
	mails[target].await(t, 2)
	testkit.Eventually(t, "all jobs done", func() bool {
		return strings.Join(target.texts(t, `SELECT DISTINCT state FROM jobs WHERE tenant_id = $1 AND kind = 'welcome_email'`, tn.id.String()), ",") == "done"
	})
	counts := target.texts(t, `SELECT count(*)::text FROM jobs WHERE tenant_id = $1 AND kind = 'welcome_email'`, tn.id.String())[0]
	if at, there := len(mails[source].await(t, 1)), len(mails[target].await(t, 2)); counts != "3" || at != 1 || there != 2 {
		t.Errorf("%s jobs; mails: %d at the source, %d at the target", counts, at, there)
	}
}

// Calls that the source had counted and not recorded when the tenant left wait
// there under the batch by which the target records them, once.
func TestUsageNeitherDropsNorDoubles(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn := source.admit(t)
	calls := 0
	m := newMove(t, source, target, tn, 1)
	t.Run("a process of the source that counts until the tenant has left", func(t *testing.T) {
		counting := startOn(t, source.dsn, func(o *app.APIOptions) { o.Cell = "cell-a" })
		call := func(n int) {
			for range n {
				expect(t, counting.asTenant(t, tn, get("/v1/organization")), 200)
				calls++
			}
		}
		call(3)
		m.toFreeze()
		call(2)
		f := m.freeze(source, 1, 20*time.Second)
		call(2) // reads go on
		m.pass(f, source, target, "cell-b", 1)
	}) // it stops in order, and so records, or keeps, what it has counted
	var late internal.UsageBatches
	source.page(t, "/internal/v1/late-usage", &late)
	if len(late.Items) == 0 {
		t.Fatal("nothing waits in the source")
	}
	for _, batch := range late.Items {
		path := "/internal/v1/tenants/" + batch.TenantID.String() + "/late-usage/" + batch.Batch.String()
		record := request{method: "PUT", target: path, body: map[string]any{"items": batch.Items}}
		expect(t, source.asControlPlane(t, record), http.StatusMisdirectedRequest) // not here
		for range 2 {
			expect(t, target.asControlPlane(t, record), http.StatusNoContent)
			expect(t, source.asControlPlane(t, request{method: "DELETE", target: path}), http.StatusNoContent)
		}
	}
	if source.page(t, "/internal/v1/late-usage", &late); len(late.Items) != 0 {
		t.Errorf("%+v", late)
	}
	sum := target.texts(t, `SELECT coalesce(sum(quantity), 0)::text FROM usage WHERE tenant_id = $1 AND metric = 'api_calls'`, tn.id.String())[0]
	if sum != strconv.Itoa(calls) {
		t.Errorf("%s calls recorded, want %d", sum, calls)
	}
}
