package app_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

type maker func(t *testing.T, w *world, within map[string]string) string

// makers make what an id in a path or body names, through the API, as the
// tenant's owner. Within are the ids before it in the path.
func makers() map[string]maker { // no variable, since they use one another
	return map[string]maker{
		"user_id": func(t *testing.T, w *world, _ map[string]string) string { return w.p.addUser(t, w.tn, "viewer") },
		"key_id": func(t *testing.T, w *world, within map[string]string) string {
			return w.made(t, createKey(within["user_id"]))
		},
		"role_id": func(t *testing.T, w *world, _ map[string]string) string { return w.addRole(t, cell.ProjectsRead) },
		"endpoint_id": func(t *testing.T, w *world, _ map[string]string) string {
			a := expect(t, w.p.asTenant(t, w.tn, request{method: "POST", target: "/v1/webhook-endpoints", body: map[string]any{"url": "https://example.com/", "active": false}}), 201)
			return strings.TrimPrefix(a.header.Get("Location"), "/v1/webhook-endpoints/")
		},
		"event_id": func(t *testing.T, w *world, within map[string]string) string {
			a := expect(t, w.p.asTenant(t, w.tn, request{method: "POST", target: "/v1/webhook-endpoints/" + within["endpoint_id"] + "/ping"}), 202)
			if _, err := w.p.asSuperuser(t).Exec(t.Context(), `UPDATE webhook_deliveries SET state = 'failed' WHERE tenant_id = $1`, w.tn.id.String()); err != nil {
				t.Fatal(err)
			}
			return a.text("event_id")
		},
		"workspace_id": func(t *testing.T, w *world, _ map[string]string) string {
			return w.made(t, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": unique()}})
		},
		"inhabited": func(t *testing.T, w *world, _ map[string]string) string { // a workspace with a member
			workspace := w.make(t, "workspace_id", nil)
			w.make(t, "member_id", map[string]string{"workspace_id": workspace})
			return workspace
		},
		"invitation_id": func(t *testing.T, w *world, _ map[string]string) string { return w.made(t, invitation()) },
		"session_id": func(t *testing.T, w *world, within map[string]string) string {
			return w.beginSession(t, within["user_id"]).text("session_id")
		},
		"member_id": func(t *testing.T, w *world, within map[string]string) string {
			user := w.make(t, "user_id", nil)
			if workspace := within["workspace_id"]; workspace != "" {
				expect(t, w.p.asTenant(t, w.tn, request{method: "PUT", target: "/v1/workspaces/" + workspace + "/members/" + user}), 204)
			}
			return user
		},
		"project_id": func(t *testing.T, w *world, _ map[string]string) string {
			body := map[string]any{"workspace_id": w.make(t, "workspace_id", nil), "name": unique()}
			return w.made(t, request{method: "POST", target: "/v1/projects", body: body})
		},
		"job_id": func(t *testing.T, w *world, _ map[string]string) string {
			return w.addJob(t, cell.JobCancelled, "{}") // so that it may be cancelled and replayed
		},
		"schedule_id": func(t *testing.T, w *world, _ map[string]string) string {
			return w.made(t, request{method: "POST", target: "/v1/schedules", body: map[string]any{"name": unique(), "cron": "@daily", "kind": "report"}})
		},
	}
}

// bodies make the bodies of operations whose schema does not say enough.
var bodies = map[string]func(t *testing.T, w *world) any{
	"createWebhookEndpoint": func(*testing.T, *world) any { return map[string]any{"url": "https://example.com/hook"} },
	"updateWebhookEndpoint": func(*testing.T, *world) any { return map[string]any{"url": "https://example.com/other"} },
	"acceptInvitation": func(t *testing.T, w *world) any {
		return map[string]any{"name": "x", "token": w.mailedToken(t, w.make(t, "invitation_id", nil))}
	},
}

// queries make the parameters that an operation requires.
var queries = map[string]func(t *testing.T, w *world) string{
	"downloadFile": func(t *testing.T, w *world) string { return "?token=" + w.addFile(t) },
	"quoteChange":  func(*testing.T, *world) string { return "?plan=business&interval=year" },
}

// ready makes an operation possible once more.
var ready = map[string]func(t *testing.T, w *world){
	"createExport": func(t *testing.T, w *world) {
		w.p.exec(t, `UPDATE jobs SET state = 'cancelled' WHERE tenant_id = $1 AND kind = 'data_export'`, w.tn.id.String())
	},
}

// operation is one of the API's document.
type operation struct {
	id, method, path string
	permission       cell.Permission
	params           []string // of the path, in order
	spec             *openapi3.Operation
}

var pathParam = regexp.MustCompile(`\{(\w+)\}`)

func operations(t *testing.T) []operation {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.Spec)
	if err != nil {
		t.Fatal(err)
	}
	var ops []operation
	for path, item := range doc.Paths.Map() {
		for method, spec := range item.Operations() {
			if answer := spec.Responses.Status(200); answer != nil && answer.Value.Content["text/event-stream"] != nil {
				continue // it does not end; see events_test.go
			}
			permission, _ := spec.Extensions["x-permission"].(string)
			op := operation{id: spec.OperationID, method: method, path: path, permission: cell.Permission(permission), spec: spec}
			for _, match := range pathParam.FindAllStringSubmatch(path, -1) {
				op.params = append(op.params, match[1])
			}
			ops = append(ops, op)
		}
	}
	slices.SortFunc(ops, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	return ops
}

// world is a tenant of its own for one operation's trials.
type world struct {
	p  *process
	tn tenant
	t  *testing.T
}

func newWorld(t *testing.T, p *process) *world {
	t.Helper()
	return &world{p: p, tn: p.admit(t), t: t}
}

func unique() string { return "x" + strings.ReplaceAll(uuid.NewString(), "-", "") }

func (w *world) made(t *testing.T, r request) string {
	t.Helper()
	return expect(t, w.p.asTenant(t, w.tn, r), 201).text("id")
}

func (w *world) make(t *testing.T, name string, within map[string]string) string {
	t.Helper()
	maker := makers()[name]
	if maker == nil {
		t.Fatalf("nobody knows how to make a %s: add it to makers in spec_world_test.go", name)
	}
	return maker(t, w, within)
}

func (w *world) addRole(t *testing.T, permissions ...cell.Permission) string {
	t.Helper()
	return w.made(t, request{method: "POST", target: "/v1/roles", body: map[string]any{"name": unique(), "permissions": permissions}})
}

// addJob adds a job in the given state, past the API, and returns its id.
func (w *world) addJob(t *testing.T, state cell.JobState, result string) string {
	t.Helper()
	id := uuid.Must(uuid.NewV7()).String()
	w.p.exec(t, `INSERT INTO jobs (tenant_id, job_id, kind, payload, state, max_attempts, result) VALUES ($1, $2, 'report', '{}', $3, 8, $4::text::jsonb)`,
		w.tn.id.String(), id, string(state), result)
	return id
}

// addFile makes a file, as a job would, and returns the token of a link to it.
func (w *world) addFile(t *testing.T) string {
	t.Helper()
	directory := filepath.Join(strings.TrimPrefix(w.p.blobs, "file://"), w.tn.id.String())
	if err := os.MkdirAll(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, "file"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	id := w.addJob(t, cell.JobDone, `{"key": "file", "name": "f.txt", "media_type": "text/plain", "size": 5, "secret": "c2VjcmV0", "kept_until": "2999-01-01T00:00:00Z"}`)
	var job api.Job
	a := expect(t, w.p.asTenant(t, w.tn, request{method: "GET", target: "/v1/jobs/" + id}), 200)
	if err := json.Unmarshal(a.body, &job); err != nil || job.File == nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return strings.TrimPrefix(job.File.URL, "/v1/download?token=")
}

type tried struct {
	grant cell.Grant
	user  string
}

// rolesAround returns users with every role that an operation is tried with.
func (w *world) rolesAround(p cell.Permission) map[string]tried {
	w.t.Helper()
	users := map[string]tried{}
	for _, role := range []cell.Role{cell.Viewer, cell.Member, cell.Admin, cell.Owner} {
		users[string(role)] = tried{role.Grant(nil), w.p.addUser(w.t, w.tn, string(role))}
	}
	if !p.Known() {
		return users
	}
	for name, permissions := range map[string][]cell.Permission{
		"a role with it":      append(slices.Clone(cell.Viewer.Grant(nil).Permissions), p),
		"a role with all but": slices.DeleteFunc(cell.Permissions(), func(other cell.Permission) bool { return other == p }),
	} {
		slices.Sort(permissions)
		id := w.addRole(w.t, slices.Compact(permissions)...)
		users[name] = tried{cell.Role(id).Grant(permissions), w.p.addUser(w.t, w.tn, id)}
	}
	return users
}

// as is the tenant with a key of the user.
func (w *world) as(user string) tenant {
	w.t.Helper()
	caller := w.tn
	caller.key = expect(w.t, w.p.asTenant(w.t, w.tn, createKey(user)), 201).text("secret")
	return caller
}

// sample is a request that does what the operation is for. The ids named in
// foreign are of the other world.
func (w *world) sample(op operation, other *world, foreign map[string]bool) request {
	w.t.Helper()
	of := func(name string) *world {
		if foreign[name] {
			return other
		}
		return w
	}
	r, ids, mine := request{method: op.method, target: op.path}, map[string]string{}, map[string]string{}
	for _, name := range op.params {
		// What stands below a thing of one's own is made there; below a foreign thing, too, if it is foreign itself.
		mine[name] = w.make(w.t, name, mine)
		ids[name] = mine[name]
		if foreign[name] {
			within := map[string]string{}
			for _, before := range op.params[:slices.Index(op.params, name)] {
				within[before] = ids[before]
				if !foreign[before] {
					within[before] = other.make(w.t, before, within)
				}
			}
			ids[name] = other.make(w.t, name, within)
		}
		r.target = strings.Replace(r.target, "{"+name+"}", ids[name], 1)
	}
	if prepare := ready[op.id]; prepare != nil {
		prepare(w.t, w)
	}
	if query := queries[op.id]; query != nil {
		r.target += query(w.t, w)
	}
	if op.spec.RequestBody == nil {
		return r
	}
	if body := bodies[op.id]; body != nil {
		r.body = body(w.t, w)
		return r
	}
	for _, media := range []string{"application/json", "application/merge-patch+json"} {
		if content := op.spec.RequestBody.Value.Content[media]; content != nil {
			r.body = w.value("", content.Schema.Value, of)
			return r
		}
	}
	w.t.Fatalf("%s: nobody knows how to make its body: add it to bodies in spec_world_test.go", op.id)
	return r
}

// idsInBody returns the names of ids that a sample's body carries.
func (w *world) idsInBody(op operation) []string {
	var names []string
	if op.spec.RequestBody == nil || bodies[op.id] != nil {
		return nil
	}
	for _, content := range op.spec.RequestBody.Value.Content {
		if content.Schema != nil {
			w.value("", content.Schema.Value, func(name string) *world {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
				return w
			})
		}
	}
	return names
}

// digest covers every row of the tenant except what reads change, too.
func (w *world) digest(t *testing.T) string {
	t.Helper()
	var sum string
	if err := w.p.asSuperuser(t).QueryRow(t.Context(), w.p.digestQuery(t), w.tn.id.String()).Scan(&sum); err != nil {
		t.Fatal(err)
	}
	return sum
}

// digestQuery covers every table with a tenant_id, as the catalog has them,
// but those that the cell fills by itself and in its own time.
func (p *process) digestQuery(t *testing.T) string {
	t.Helper()
	p.digesting.Do(func() {
		rows, err := p.asSuperuser(t).Query(t.Context(), `SELECT table_name::text FROM information_schema.columns
			WHERE table_schema = 'public' AND column_name = 'tenant_id'
			AND table_name NOT IN ('audit_chain', 'audit_checkpoints', 'usage') ORDER BY 1`)
		if err != nil {
			t.Fatal(err)
		}
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(tables) < 10 {
			t.Fatalf("%v: %v", tables, err)
		}
		parts := make([]string, len(tables))
		for i, table := range tables {
			parts[i] = `SELECT '` + table + `' || (to_jsonb(r) - 'used_on')::text AS text FROM ` + pgx.Identifier{table}.Sanitize() + ` r WHERE tenant_id = $1`
		}
		p.digest = `SELECT md5(coalesce(string_agg(text, ',' ORDER BY text), '')) FROM (` + strings.Join(parts, " UNION ALL ") + `) AS rows`
	})
	return p.digest
}

// asSuperuser returns connections past every policy.
func (p *process) asSuperuser(t testing.TB) *pgxpool.Pool {
	t.Helper()
	p.connecting.Do(func() {
		pool, err := pgxpool.New(context.WithoutCancel(t.Context()), p.dsn)
		if err != nil {
			t.Fatal(err)
		}
		p.superuser = pool
	})
	return p.superuser
}
