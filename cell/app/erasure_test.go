package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/shared/testkit"
)

// person is somebody of whom traces are left everywhere.
type person struct {
	id, name, email string
	key             string
	once            http.Header // of the request that made the user
	create          request
}

const (
	personAddress = "198.51.100.77"
	personAgent   = "Zebedee's own browser"
)

// addPerson makes a user who works: invited, given keys and sessions, a member,
// and named in what a webhook's server answered.
func (w *world) addPerson(t *testing.T) person {
	t.Helper()
	p := person{name: "Zebedee O'Quux " + unique(), email: "Zeb&" + unique() + "@example.org", once: http.Header{"Idempotency-Key": {unique()}}}
	expect(t, w.p.asTenant(t, w.tn, request{method: "POST", target: "/v1/invitations", body: map[string]any{"email": strings.ToLower(p.email), "role": "viewer"}}), 201)
	p.create = request{method: "POST", target: "/v1/users", header: p.once, body: map[string]any{"name": p.name, "email": p.email, "role": "member"}}
	p.id = expect(t, w.p.asTenant(t, w.tn, p.create), 201).text("id")
	key := createKey(p.id)
	key.body = map[string]any{"name": p.name + "'s laptop"}
	p.key = expect(t, w.p.asTenant(t, w.tn, key), 201).text("secret")
	expect(t, w.p.asControlPlane(t, request{
		method: "POST", target: "/internal/v1/tenants/" + w.tn.id.String() + "/sessions",
		body: map[string]any{"user_id": p.id, "seconds": 3600, "address": personAddress, "user_agent": personAgent},
	}), 201)
	w.signinAs(t, p)
	workspace := w.make(t, "workspace_id", nil)
	expect(t, w.p.asTenant(t, w.tn, request{method: "PUT", target: "/v1/workspaces/" + workspace + "/members/" + p.id}), 204)
	as := w.tn
	as.key = p.key
	expect(t, w.p.asTenant(t, as, request{
		method: "POST", target: "/v1/projects", header: http.Header{"Idempotency-Key": {p.email}},
		body: map[string]any{"workspace_id": workspace, "name": "the person's work"},
	}), 201)
	endpoint := w.make(t, "endpoint_id", nil)
	event := w.make(t, "event_id", map[string]string{"endpoint_id": endpoint})
	w.p.exec(t, `INSERT INTO webhook_attempts (tenant_id, endpoint_id, event_id, no, at, duration_ms, status, error, response)
		VALUES ($1, $2, $3, 1, now(), 1, 200, '', 'thanks, ' || $4)`, w.tn.id.String(), endpoint, event, p.name)
	w.p.exec(t, `UPDATE jobs SET last_error = 'no mailbox ' || $2, progress_text = $2 WHERE tenant_id = $1`, w.tn.id.String(), p.email)
	return p
}

// traces returns the tables of the catalog with a row of the tenant that names
// the person.
func (w *world) traces(t *testing.T, p person) []string {
	t.Helper()
	rows, err := w.p.asSuperuser(t).Query(t.Context(), `SELECT table_name::text FROM information_schema.columns
		WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 20 {
		t.Fatalf("%v: %v", tables, err)
	}
	var found []string
	for _, table := range tables {
		// bytea is searched as the text that it may hold.
		var n int
		err := w.p.asSuperuser(t).QueryRow(t.Context(), `SELECT count(*) FROM `+pgx.Identifier{table}.Sanitize()+` r WHERE tenant_id = $1 AND EXISTS (
			SELECT FROM jsonb_each_text(to_jsonb(r)) AS c (name, value), unnest($2::text[]) AS trace
			WHERE strpos(lower(value), lower(trace)) > 0 OR strpos(lower(value), encode(convert_to(trace, 'UTF8'), 'hex')) > 0)`,
			w.tn.id.String(), []string{p.name, p.email, strings.ReplaceAll(p.email, "&", `\u0026`), personAddress, personAgent}).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			found = append(found, table)
		}
	}
	return found
}

// Nothing in any table names a person who was erased; the log goes on saying
// what was done, by an id that leads nowhere, and its chain holds.
func TestErasedPersonIsNamedNowhere(t *testing.T) {
	t.Parallel()
	p := startWithRedis(t)
	w, bystanders := newWorld(t, p), newWorld(t, p)
	ask := func(r request) answer { return p.asTenant(t, w.tn, r) }
	zeb := w.addPerson(t)
	if before := w.traces(t, zeb); len(before) < 6 {
		t.Fatalf("the test leaves too few traces: %v", before)
	}
	fresh(t, p.remembered(t, "/v1/users/"+zeb.id, ask), zeb.name)
	others := bystanders.digest(t)
	sealed := w.awaitSealed(t)

	expect(t, ask(request{method: "POST", target: "/v1/users/" + zeb.id + "/erasure"}), 204)
	if left := w.traces(t, zeb); left != nil {
		t.Errorf("traces in %v", left)
	}
	expect(t, ask(get("/v1/users/"+zeb.id)), 404)
	if a := ask(get("/v1/users?q=zebedee")); strings.Contains(string(a.body), zeb.id) {
		t.Errorf("still remembered: %s", a.body)
	}
	erased := w.tn
	erased.key = zeb.key
	expect(t, p.asTenant(t, erased, get("/v1/me")), 401)
	if a := ask(zeb.create); a.status != http.StatusGone || a.code() != "gone" {
		t.Errorf("a repeated request made the person anew: %d %s", a.status, a.body)
	}
	if report := w.awaitSealed(t); !report.Intact || report.Entries != sealed.Entries+1 {
		t.Errorf("the chain: %+v, before %+v", report, sealed)
	}
	if log := ask(get("/v1/audit-log?actor=" + zeb.id)); !strings.Contains(string(log.body), "project.created") {
		t.Errorf("what the person did is gone: %s", log.body)
	}
	if bystanders.digest(t) != others {
		t.Error("another tenant was changed")
	}
}

// awaitSealed returns the report on a log of which every row has its place.
func (w *world) awaitSealed(t *testing.T) api.AuditVerification {
	t.Helper()
	var v api.AuditVerification
	var rows int64
	testkit.Eventually(t, "every row sealed", func() bool {
		v = api.AuditVerification{}
		if err := w.p.asSuperuser(t).QueryRow(t.Context(), `SELECT count(*) FROM audit_logs WHERE tenant_id = $1`, w.tn.id.String()).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		a := expect(t, w.p.asTenant(t, w.tn, get("/v1/audit-log/verification")), 200)
		return json.Unmarshal(a.body, &v) == nil && v.Entries == rows
	})
	return v
}

func TestWhoMayErase(t *testing.T) {
	t.Parallel()
	p := shared()
	w := newWorld(t, p)
	erase := func(as tenant, user string, header http.Header) int {
		return p.asTenant(t, as, request{method: "POST", target: "/v1/users/" + user + "/erasure", header: header}).status
	}
	owner := p.asTenant(t, w.tn, get("/v1/users")).body
	var ada string
	if _, rest, found := strings.Cut(string(owner), `"id":"`); found {
		ada = rest[:36]
	}
	member, viewer, admin := p.addUser(t, w.tn, "member"), p.addUser(t, w.tn, "viewer"), p.addUser(t, w.tn, "admin")
	asMember, asAdmin := w.as(member), w.as(admin)
	before := w.digest(t)
	for name, c := range map[string]struct {
		as     tenant
		user   string
		header http.Header
		want   int
	}{
		"the only owner herself":         {w.tn, ada, nil, 409},
		"an admin, the owner":            {asAdmin, ada, nil, 403},
		"a member, somebody else":        {asMember, viewer, nil, 403},
		"nobody there":                   {w.tn, "0198c0de-0000-7000-8000-000000000000", nil, 404},
		"a version that has passed":      {w.tn, viewer, http.Header{"If-Match": {`"7"`}}, 412},
		"nobody's key, another's tenant": {newWorld(t, p).tn, viewer, nil, 404},
	} {
		if status := erase(c.as, c.user, c.header); status != c.want {
			t.Errorf("%s: %d, want %d", name, status, c.want)
		}
	}
	if w.digest(t) != before {
		t.Error("refused, and something changed")
	}
	if status := erase(asMember, member, nil); status != 204 {
		t.Errorf("a member itself: %d", status)
	}
	if status := erase(asAdmin, viewer, nil); status != 204 {
		t.Errorf("an admin, a viewer: %d", status)
	}
}
