package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/testkit"
)

// unhurried is a timeout that no busy machine reaches.
const unhurried = 10 * time.Second

func startWithRedis(t testing.TB) *process {
	t.Helper()
	return start(t, func(o *app.APIOptions) { o.RedisURL, o.RedisTimeout = testkit.Redis(t), unhurried })
}

func get(target string) request { return request{method: "GET", target: target} }

func isHit(a answer) bool { return a.header.Get("Cache-Status") == "cell; hit" }

// remembered asks until the answer comes from memory, and returns it.
func (p *process) remembered(t testing.TB, target string, ask func(request) answer) answer {
	t.Helper()
	var a answer
	testkit.Eventually(t, target+" from memory", func() bool {
		a = expect(t, ask(get(target)), 200)
		return isHit(a)
	})
	return a
}

// fresh asks once: the answer must not be from before the last write.
func fresh(t testing.TB, a answer, want string) {
	t.Helper()
	if !strings.Contains(string(expect(t, a, 200).body), want) {
		t.Errorf("an old answer, without %q: %s", want, a.body)
	}
}

func TestRememberedAnswersAreThoseOfTheDatabase(t *testing.T) {
	t.Parallel()
	p := startWithRedis(t)
	tn, other := p.admit(t), p.admit(t)
	as := func(r request) answer { return p.asTenant(t, tn, r) }
	workspace := expect(t, as(request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "Research"}}), 201).text("id")
	user := p.addUser(t, tn, "viewer")
	project := expect(t, as(request{method: "POST", target: "/v1/projects", body: map[string]any{"workspace_id": workspace, "name": "Engine"}}), 201).text("id")
	for _, target := range []string{
		"/v1/organization", "/v1/users", "/v1/users/" + user, "/v1/workspaces?limit=1", "/v1/workspaces/" + workspace,
		"/v1/projects", "/v1/projects?status=active&limit=7", "/v1/projects/" + project,
	} {
		first := expect(t, as(get(target)), 200)
		again := p.remembered(t, target, as)
		for _, name := range []string{"Content-Type", "ETag", "Cache-Control", cellapi.HeaderTenantEpoch} {
			if first.header.Get(name) == "" || first.header.Get(name) != again.header.Get(name) {
				t.Errorf("%s: %s: %q and then %q", target, name, first.header.Get(name), again.header.Get(name))
			}
		}
		if string(first.body) != string(again.body) {
			t.Errorf("%s: %s and then %s", target, first.body, again.body)
		}
		if a := p.asTenant(t, other, get(target)); isHit(a) {
			t.Errorf("%s: another tenant's answer: %s", target, a.body)
		}
	}
	for _, target := range []string{"/v1/audit-log", "/v1/jobs", "/v1/users/" + user + "/keys", "/v1/projects/", "/v1/nothing"} {
		as(get(target))
		if a := as(get(target)); isHit(a) {
			t.Errorf("%s must not be remembered: %s", target, a.body)
		}
	}
	for _, bad := range []string{"/v1/projects?limit=x", "/v1/projects/" + user, "/v1/workspaces?cursor=abc"} {
		first := as(get(bad))
		if again := as(get(bad)); first.status < 400 || isHit(again) || again.status != first.status {
			t.Errorf("%s: %d, then %d", bad, first.status, again.status)
		}
	}
}

// What is remembered needs no database at all: there it is changed by others.
func TestRememberedAnswersCostTheDatabaseNothing(t *testing.T) {
	t.Parallel()
	p := startWithRedis(t)
	tn := p.admit(t)
	as := func(r request) answer { return p.asTenant(t, tn, r) }
	p.remembered(t, "/v1/organization", as)
	p.exec(t, `UPDATE organizations SET name = 'Changed' WHERE tenant_id = $1`, tn.id.String())
	conn, err := pgx.Connect(t.Context(), p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE tenants, organizations, users, api_keys IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	// A request that asked the database now would wait for ever.
	fresh(t, p.remembered(t, "/v1/organization", as), "Acme")
}

func TestOwnWritesAreRead(t *testing.T) {
	t.Parallel()
	p := startWithRedis(t)
	tn := p.admit(t)
	as := func(r request) answer { return p.asTenant(t, tn, r) }
	target := "/v1/workspaces/" + expect(t, as(request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "w"}}), 201).text("id")
	for i := range 20 {
		p.remembered(t, target, as)
		p.remembered(t, "/v1/workspaces", as)
		name := fmt.Sprint("name-", i)
		header := http.Header{}
		if i%2 == 0 {
			header.Set("Idempotency-Key", name)
		}
		expect(t, as(request{method: "PATCH", target: target, body: map[string]any{"name": name}, header: header}), 200)
		fresh(t, as(get("/v1/workspaces")), name)
		fresh(t, as(get(target)), name)
	}
	p.remembered(t, target, as)
	expect(t, as(request{method: "DELETE", target: target}), 204)
	expect(t, as(get(target)), 404)
}

func TestRightsTakeEffectAtOnce(t *testing.T) {
	t.Parallel()
	p := startWithRedis(t)
	tn := p.admit(t)
	for name, c := range map[string]struct {
		change func(user, key string) request
		after  int // status of a request of the user
	}{
		"key deleted": {func(user, key string) request {
			return request{method: "DELETE", target: "/v1/users/" + user + "/keys/" + key}
		}, 401},
		"user disabled": {func(user, _ string) request {
			return request{method: "PATCH", target: "/v1/users/" + user, body: map[string]any{"status": "disabled"}}
		}, 401},
		"user deleted": {func(user, _ string) request { return request{method: "DELETE", target: "/v1/users/" + user} }, 401},
	} {
		user := p.addUser(t, tn, "viewer")
		made := expect(t, p.asTenant(t, tn, createKey(user)), 201)
		holder := tn
		holder.key = made.text("secret")
		ask := func(r request) answer { return p.asTenant(t, holder, r) }
		byToken := func(r request) answer { return p.asPrincipal(t, tn, cellapi.Principal{Subject: user}, r) }
		p.remembered(t, "/v1/organization", ask)
		p.remembered(t, "/v1/organization", byToken)
		expect(t, p.asTenant(t, tn, c.change(user, made.text("id"))), 204-4*btoi(name == "user disabled"))
		if a := ask(get("/v1/organization")); a.status != c.after {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		wantToken := c.after
		if name == "key deleted" {
			wantToken = 200
		}
		if a := byToken(get("/v1/organization")); a.status != wantToken {
			t.Errorf("%s, by token: %d %s", name, a.status, a.body)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A token's roles and scopes are judged at every hit: they are the request's.
func TestRememberedAnswersAreForThoseWhoMaySeeThem(t *testing.T) {
	t.Parallel()
	p := startWithRedis(t)
	tn := p.admit(t)
	var users api.UserList
	if err := json.Unmarshal(p.asTenant(t, tn, get("/v1/users")).body, &users); err != nil {
		t.Fatal(err)
	}
	owner := users.Items[0].ID.String()
	for name, c := range map[string]struct {
		caller cellapi.Principal
		status int
	}{
		"owner":                {cellapi.Principal{Subject: owner}, 200},
		"scope for it":         {cellapi.Principal{Subject: owner, Scopes: []string{"projects:read"}}, 200},
		"scope for other":      {cellapi.Principal{Subject: owner, Scopes: []string{"users:read"}}, 403},
		"machine":              {cellapi.Principal{Subject: "robot", Client: "robot", Roles: []string{"viewer"}}, 200},
		"machine without role": {cellapi.Principal{Subject: "robot", Client: "robot"}, 403},
	} {
		as := func(r request) answer { return p.asPrincipal(t, tn, c.caller, r) }
		p.remembered(t, "/v1/projects", func(r request) answer { return p.asTenant(t, tn, r) })
		if c.status == 200 {
			p.remembered(t, "/v1/projects", as)
		} else if a := as(get("/v1/projects")); a.status != c.status {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	stranger := tn
	stranger.key = newKey(tn.id)
	expect(t, p.asTenant(t, stranger, get("/v1/projects")), 401)
}

func TestEntityTagsOfAnswers(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*process{"remembering": startWithRedis(t), "without Redis": shared()} {
		tn := p.admit(t)
		as := func(r request) answer { return p.asTenant(t, tn, r) }
		for _, target := range []string{"/v1/organization", "/v1/workspaces"} {
			tag := expect(t, as(get(target)), 200).header.Get("ETag")
			for _, sent := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
				r := get(target)
				r.header = http.Header{"If-None-Match": {sent}}
				a := expect(t, as(r), 304)
				if len(a.body) > 0 || a.header.Get("ETag") != tag || a.header.Get("Content-Type") != "" {
					t.Errorf("%s: %s with %s: %v %s", name, target, sent, a.header, a.body)
				}
			}
			r := get(target)
			r.header = http.Header{"If-None-Match": {`"v999", "h0"`}}
			expect(t, as(r), 200)
			expect(t, as(request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": target}}), 201)
		}
		r := get("/v1/workspaces")
		tag := expect(t, as(r), 200).header.Get("ETag")
		expect(t, as(request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "newest"}}), 201)
		r.header = http.Header{"If-None-Match": {tag}}
		if a := expect(t, as(r), 200); a.header.Get("ETag") == tag {
			t.Errorf("%s: the list changed and its tag did not", name)
		}
	}
}

func TestTheFenceStandsBeforeRememberedAnswers(t *testing.T) {
	t.Parallel()
	p := startWithRedis(t)
	tn := p.admit(t)
	as := func(r request) answer { return p.asTenant(t, tn, r) }
	p.remembered(t, "/v1/organization", as)
	if a := p.atEpoch(t, tn, 2, get("/v1/organization")); a.status != 503 || a.header.Get(cellapi.HeaderTenantState) != cellapi.StateUnknownEpoch {
		t.Errorf("a later epoch: %d %v %s", a.status, a.header, a.body)
	}
	remove := request{method: "DELETE", target: "/internal/v1/tenants/" + tn.id.String() + "?epoch=1"}
	expect(t, p.asControlPlane(t, remove), 204)
	if a := as(get("/v1/organization")); a.status != 421 {
		t.Errorf("a tenant that is gone: %d %s", a.status, a.body)
	}
}

// Many who ask the same at once have the database asked once.
func TestOneOfManyAsksTheDatabase(t *testing.T) {
	t.Parallel()
	p := startWithRedis(t)
	tn := p.admit(t)
	as := func(r request) answer { return p.asTenant(t, tn, r) }
	p.remembered(t, "/v1/organization", as) // the session, too
	conn, err := pgx.Connect(t.Context(), p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE workspaces IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	const many = 40
	var answers sync.WaitGroup
	var bad atomic.Int64
	arrived := lookups(t, p)
	for range many {
		answers.Go(func() {
			if p.asTenant(t, tn, get("/v1/workspaces")).status != 200 {
				bad.Add(1)
			}
		})
	}
	var waiting int
	testkit.Eventually(t, "all are waiting, and the database was asked", func() bool {
		const query = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'cell_app' AND wait_event_type = 'Lock'`
		if err := conn.QueryRow(t.Context(), query).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		return waiting > 0 && lookups(t, p) >= arrived+many
	})
	if _, err := conn.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	answers.Wait()
	if waiting != 1 || bad.Load() > 0 {
		t.Errorf("%d requests asked the database at once; %d failed", waiting, bad.Load())
	}
}

// lookups is how many answers were looked for.
func lookups(t testing.TB, p *process) int {
	t.Helper()
	var sum float64
	for line := range strings.Lines(string(p.admin(t, "/metrics").body)) {
		if strings.HasPrefix(line, `cell_cache_lookups_total{layer="responses"`) {
			var n float64
			if _, err := fmt.Sscan(line[strings.LastIndex(line, " "):], &n); err != nil {
				t.Fatal(err)
			}
			sum += n
		}
	}
	return int(sum)
}
