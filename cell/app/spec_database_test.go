package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/testkit"
)

// How often an operation waits for the database: a read once, a write twice,
// the second time for its commit. What takes more, and why, stands here; what
// asks nothing of the database, too.
const (
	reads  = 1
	writes = 2
)

var roundTrips = map[string]int{
	"acceptInvitation": writes, "addMember": writes, "cancelJob": writes, "changeProjects": writes, "createExport": writes, "createInvitation": writes,
	"createInvitations": writes, "createProject": writes, "createProjects": writes, "createReport": writes, "createRole": writes, "createSchedule": writes,
	"createUser": writes, "createUserKey": writes, "createWebhookEndpoint": writes, "createWorkspace": writes, "deleteProject": writes, "deleteRole": writes,
	"deleteSchedule": writes, "deleteUser": writes, "deleteUserKey": writes, "deleteWebhookEndpoint": writes, "deleteWorkspace": writes, "downloadFile": reads,
	"endUserSession": writes, "endUserSessions": writes, "eraseUser": writes, "exportAudit": reads, "getInvitation": reads, "getJob": reads, "getMe": reads,
	"getOpenAPI": 0, "getOrganization": reads, "getProject": reads, "getRole": reads, "getSchedule": reads, "getUsage": reads, "getUser": reads,
	"getWebhookDelivery": reads, "getWebhookEndpoint": reads, "getWorkspace": reads, "listAudit": reads, "listInvitations": reads, "listJobs": reads,
	"listMembers": reads, "listPermissions": reads, "listProjects": reads, "listRoles": reads, "listSchedules": reads, "listUserKeys": reads,
	"listUserSessions": reads, "listUsers": reads, "listWebhookDeliveries": reads, "listWebhookEndpoints": reads, "listWorkspaces": reads,
	"pingWebhookEndpoint": writes, "queryGraph": 16 * reads, // one for each kind of things and depth that the query asks for; graphql_test.go counts them
	"removeMember": writes, "replayJob": writes, "replayWebhookDelivery": writes, "resendInvitation": writes,
	"revokeInvitation": writes, "rotateWebhookSecret": writes, "updateOrganization": writes, "updateProject": writes, "updateRole": writes,
	"updateUser": writes, "updateWebhookEndpoint": writes, "updateWorkspace": writes,
	"updateSchedule": reads + writes, // when it fires next follows from what the request does not change, too
	"getBilling":     reads, "getBilledUsage": reads, "listInvoices": reads, "listPlans": reads, "quoteChange": reads,
	// Who asks is judged first; what was done then, is noted.
	"openCheckout": reads + writes, "openPortal": reads + writes, "changeSubscription": reads + writes, "cancelSubscription": reads + writes,
	"verifyAudit": 4 * reads, // the horizon, then pages of the chain, of checkpoints and of rows without a place: however long the log is, no transaction is
}

// Every operation of the API's document, by whoever calls, waits for the
// database no more often than is said above; and every statement that it sends
// for the tenant names the tenant: Citus routes it to one shard, and Postgres
// finds the rows by an index that begins with the tenant.
func TestWhatOperationsAskOfTheDatabase(t *testing.T) {
	t.Parallel()
	ears := (*overheard)(nil)
	p := start(t, func(o *app.APIOptions) {
		withTill(t, &till{})(o)
		ears = overhear(t, o.DatabaseURL)
		o.DatabaseURL, o.DatabaseConns = ears.dsn, 1
	})
	ops := operations(t)
	for _, op := range ops {
		want, known := roundTrips[op.id]
		if !known {
			t.Errorf("how often does %s wait for the database? Say so in roundTrips", op.id)
			continue
		}
		w := newWorld(t, p)
		for way, call := range w.ways(t, op) {
			r := w.sample(op, w, nil)
			ears.turnsFor(w.tn.id.String())
			if a := call(r); a.status < 200 || a.status > 299 {
				t.Errorf("%s by %s: %d %s %s", op.id, way, a.status, a.body, p.log.troubles())
				continue
			}
			if got := ears.turnsFor(w.tn.id.String()); got > want || got == 0 && want > 0 {
				t.Errorf("%s by %s waits %d times for the database, want %d", op.id, way, got, want)
			}
		}
	}
	if len(roundTrips) != len(ops) {
		t.Errorf("%d operations, %d in roundTrips", len(ops), len(roundTrips))
	}
	for _, target := range filtered {
		w := newWorld(t, p)
		expect(t, p.asTenant(t, w.tn, request{method: "GET", target: strings.ReplaceAll(target, "ID", uuid.NewString())}), 200)
	}
	followed := newWorld(t, p).tn
	conn, ready := p.follow(t, followed, "")
	_ = conn.CloseNow()
	p.addWorkspaceNamed(t, followed, "to be followed")
	conn, _ = p.follow(t, followed, ready.Cursor)
	next(t, conn)
	_ = conn.CloseNow()
	p.retag(t)
	p.doJobs(t, ears)
	seen := ears.seen()
	p.wantOneShard(t, seen)
	wantAllSeen(t, seen)
}

// retag changes projects in the ways that samples do not.
func (p *process) retag(t *testing.T) {
	t.Helper()
	w := newWorld(t, p)
	project := w.make(t, "project_id", nil)
	for _, action := range []string{"tag", "untag"} {
		expect(t, p.asTenant(t, w.tn, request{method: "POST", target: "/v1/projects/bulk", body: map[string]any{"action": action, "project_ids": []string{project}, "tags": []string{"red"}}}), 200)
	}
}

// doJobs has a worker do what the operations asked for, and what is done again
// and again.
func (p *process) doJobs(t *testing.T, ears *overheard) {
	t.Helper()
	tn := p.signUp(t)
	for _, kind := range []cell.JobKind{cell.RetentionJob, cell.UsageRollUp} {
		p.exec(t, `INSERT INTO jobs (tenant_id, job_id, kind, payload, state, max_attempts) VALUES ($1, $2, $3, '{}', 'pending', 8)`, tn.id.String(), uuid.NewString(), string(kind))
	}
	mails := newSink(t)
	mails.refuse(1) // a job that fails
	p.startWorker(t, testkit.RabbitMQ(t), mails, func(o *app.WorkerOptions) { o.DatabaseURL, o.FirstRetry = ears.dsn, 10*time.Millisecond })
	testkit.Eventually(t, "the jobs to be done", func() bool {
		return len(p.texts(t, `SELECT kind FROM jobs WHERE state IN ('pending', 'queued', 'running') AND kind <> $1 LIMIT 1`, string(cell.WebhookDelivery))) == 0
	})
	testkit.Eventually(t, "the requests to be metered", func() bool { return len(p.texts(t, `SELECT metric FROM usage LIMIT 1`)) > 0 })
}

// sqlVerb begins what is a statement.
var (
	sqlVerb = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s`)
	blanks  = regexp.MustCompile(`\s+`)
)

// elsewhere are files whose statements no tenant's request or job sends, by who does.
var elsewhere = map[string]string{
	"the mover, for tenants that come and go": "activate apply arrivals catalog cleanup copyout exports facts freeze home importfiles imports importsession " +
		"intake inventory lateusage movein mover nodes plan prepare removal size slots tenantdigest thaw undistributed writers",
	"the guard of a database that was restored, and who reconciles it": "incarnation reconcile",
	"signing in, which comes by the internal door; routing_test.go":    "codes credentials devices passkeys secondsteps signins usersets", //nolint:misspell // names of files
	"the sealer, the trimmer and their hub, over all tenants":          "audit_horizon audit_lead audit_seal forget",
	"the relay and the scheduler, over all tenants":                    "depths leader relay republish schedules_fire",
	"the owner of the servers":                                         "cluster cluster_tenants distribute schema",
}

func isElsewhere(file string) bool {
	for _, files := range elsewhere {
		if slices.Contains(strings.Fields(files), strings.TrimSuffix(file, ".go")) {
			return true
		}
	}
	return false
}

// unheard begin statements within the other files that nothing here sends, and say why.
var unheard = map[string]string{
	"DELETE FROM devices WHERE tenant_id = $1 AND user_id = $2":                                           "takes a user who signs in; routing_test.go",
	"UPDATE jobs SET progress = $4, progress_text = $5":                                                   "takes a job that lasts for some seconds: one row by its key",
	"INSERT INTO jobs (tenant_id, job_id, kind, payload, state, max_attempts) SELECT tenant_id, $3::uuid": "takes a webhook endpoint that fails until it is disabled",
	"SELECT user_id FROM users WHERE tenant_id = $1 AND role = 'owner' AND status = 'active'":             "likewise",
	"SELECT coalesce(u.role_id::text, u.role), r.permissions, u.user_id":                                  "takes GraphQL that asks for the keys of several users; lookups_test.go",
	"SELECT tenant_id, job_id, attempts, priority FROM jobs WHERE state = 'running' AND cancel_requested": "the relay's, over all tenants",
	"SELECT t.tenant_id, coalesce((SELECT max(c.seq) FROM audit_chain c":                                  "the hub's, over all followed tenants",
	"SELECT tenant_id, epoch, max(sequence) FROM usage":                                                   "the control plane's, over all tenants",
	"SELECT metric, day, quantity, epoch, sequence, recorded_at FROM usage":                               "the control plane's",
	"INSERT INTO webhook_deliveries":                                                                      "the sealer's",
	"INSERT INTO jobs (tenant_id, job_id, kind, payload, state, max_attempts) SELECT $1, job_id":          "the sealer's",
	"UPDATE webhook_endpoints SET failing_since":                                                          "takes a server that is called: one row by its key",
	"UPDATE webhook_endpoints SET active = false":                                                         "likewise",
	"UPDATE idempotency_keys i SET status":                                                                "takes answers that name the person who is erased; erasure_test.go",
	"UPDATE webhook_attempts a SET response":                                                              "likewise",
	"SELECT (SELECT count(*) FROM jobs WHERE tenant_id = $1 AND state = 'done'":                           "takes a day of usage that is over; usage_test.go",
}

// wantAllSeen compares what was seen with the source: a statement that nothing
// here sends would be explained by nobody.
func wantAllSeen(t *testing.T, seen []heard) {
	t.Helper()
	var texts strings.Builder
	for _, s := range seen {
		texts.WriteString(blanks.ReplaceAllString(s.text, " ") + "\n")
	}
	files, err := filepath.Glob("../internal/citus/*.go")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || isElsewhere(filepath.Base(name)) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, is := n.(*ast.BasicLit)
			if !is || literal.Kind != token.STRING {
				return true
			}
			text, _ := strconv.Unquote(literal.Value)
			for beginning := range unheard {
				if strings.HasPrefix(strings.TrimSpace(blanks.ReplaceAllString(text, " ")), beginning) {
					return true
				}
			}
			if sqlVerb.MatchString(text) && !strings.Contains(texts.String(), strings.TrimSpace(blanks.ReplaceAllString(text, " "))) {
				t.Errorf("%s: no operation and no job of this test sends: %.200s", filepath.Base(name), blanks.ReplaceAllString(text, " "))
			}
			return true
		})
	}
}

// filtered are lists with conditions that samples do not have.
var filtered = []string{
	"/v1/audit-log?actor=ID&action=project.created&subject=ID&since=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z",
	"/v1/audit-log/export?after=ID&actor=ID&since=2026-01-01T00:00:00Z", "/v1/users?status=active", "/v1/jobs?state=dead&kind=report",
	"/v1/projects?workspace_id=ID", "/v1/projects?q=some&tag=red", "/v1/projects?status=archived",
}

// ways are who calls an operation: by key, by a token, and to take effect once.
func (w *world) ways(t *testing.T, op operation) map[string]func(request) answer {
	t.Helper()
	ways := map[string]func(request) answer{"key": func(r request) answer { return w.p.asTenant(t, w.tn, r) }}
	if op.permission == "public" {
		return ways
	}
	owner := w.p.texts(t, `SELECT user_id::text FROM users WHERE tenant_id = $1 AND role = 'owner'`, w.tn.id.String())[0]
	token := cellapi.Principal{Subject: owner, Roles: []string{"owner"}}
	ways["token"] = func(r request) answer { return w.p.asPrincipal(t, w.tn, token, r) }
	if op.method != http.MethodGet {
		ways["key, once"] = func(r request) answer {
			r.header = http.Header{"Idempotency-Key": {unique()}}
			return w.p.asTenant(t, w.tn, r)
		}
	}
	return ways
}

// aside are statements about the transaction or the connection.
var aside = regexp.MustCompile(`(?i)^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET |SELECT 1 AS "|SELECT pg_notify)`)

// wantOneShard has the server explain every statement, as its owner: the
// policies, which name the tenant too, hold for the application's role only.
func (p *process) wantOneShard(t *testing.T, statements []heard) {
	t.Helper()
	onCitus := testkit.OnCitus(t)
	conn, err := pgx.Connect(testkit.Context(t), p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), `SET enable_seqscan = off`); err != nil { // tables of tests are small
		t.Fatal(err)
	}
	tables := p.texts(t, `SELECT relname::text FROM pg_class WHERE obj_description(oid, 'pg_class') LIKE 'tenancy: %'`)
	explained := 0
	for _, s := range statements {
		if aside.MatchString(s.text) || strings.Contains(s.text, "pg_class") { // the catalog is every server's own
			continue
		}
		result := conn.PgConn().ExecParams(t.Context(), "EXPLAIN (FORMAT JSON) "+s.text, s.values, s.types, s.formats, nil).Read()
		if result.Err != nil {
			t.Errorf("%v: %s", result.Err, s.text)
			continue
		}
		explained++
		var plans []map[string]any
		if err := json.Unmarshal(result.Rows[0][0], &plans); err != nil {
			t.Fatal(err)
		}
		for _, problem := range problemsOf(plans[0], tables, onCitus) {
			t.Errorf("%s: %s", problem, s.text)
		}
	}
	server := "plain Postgres"
	if onCitus {
		server = "Citus"
	}
	t.Logf("%d statements explained by %s", explained, server)
	if explained < 60 {
		t.Error("too few to be all")
	}
}

// problemsOf looks through a plan. On Citus it must be one task; without, each
// table must be entered by an index at the tenant.
func problemsOf(plan map[string]any, tables []string, onCitus bool) (problems []string) {
	tasks := 0.0
	var look func(any)
	look = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, part := range v {
				look(part)
			}
		case map[string]any:
			if n, there := v["Task Count"].(float64); there {
				tasks += n
				return
			}
			if problem := problemOfNode(v, tables); problem != "" && !onCitus {
				problems = append(problems, problem)
			}
			for _, part := range v {
				look(part)
			}
		}
	}
	look(plan)
	if onCitus && tasks != 1 {
		problems = append(problems, fmt.Sprintf("%g tasks, want 1", tasks))
	}
	return problems
}

func problemOfNode(node map[string]any, tables []string) string {
	table, _ := node["Relation Name"].(string)
	kind, _ := node["Node Type"].(string)
	if kind == "ModifyTable" || !slices.Contains(tables, table) {
		return ""
	}
	condition := fmt.Sprint(node["Index Cond"], node["Recheck Cond"], node["TID Cond"])
	if kind == "Seq Scan" || !strings.Contains(condition, "tenant_id = ") {
		return fmt.Sprintf("%s of %s where %v", kind, table, condition)
	}
	return ""
}
