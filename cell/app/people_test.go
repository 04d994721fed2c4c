package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/shared/fault"
)

func invitation() request {
	return request{method: "POST", target: "/v1/invitations", body: map[string]any{"email": unique() + "@example.org", "role": "viewer"}}
}

// mailedToken is a token as a mail carries it: what the job does to the row.
func (w *world) mailedToken(t *testing.T, invitation string) cell.InvitationToken {
	t.Helper()
	token := cell.NewInvitationToken(uuid.MustParse(invitation))
	w.p.exec(t, `UPDATE invitations SET token_hashes = array_append(token_hashes, $3) WHERE tenant_id = $1 AND invitation_id = $2`,
		w.tn.id.String(), invitation, token.Hash())
	return token
}

func accept(token cell.InvitationToken, name string) request {
	return request{method: "POST", target: "/v1/invitations/accept", body: map[string]any{"token": token, "name": name}}
}

func (w *world) beginSession(t *testing.T, user string) answer {
	t.Helper()
	return expect(t, w.p.asControlPlane(t, request{
		method: "POST", target: "/internal/v1/tenants/" + w.tn.id.String() + "/sessions",
		body: map[string]any{"user_id": user, "seconds": 3600, "address": "192.0.2.7", "user_agent": "test"},
	}), 201)
}

func (w *world) checkSession(t *testing.T, secret string) answer {
	t.Helper()
	target := "/internal/v1/tenants/" + w.tn.id.String() + "/sessions/check"
	return w.p.asControlPlane(t, request{method: "POST", target: target, body: map[string]any{"secret": secret}})
}

func TestInvitationIsAcceptedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	role := w.addRole(t, cell.WorkspacesRead)
	made := expect(t, w.p.asTenant(t, w.tn, request{method: "POST", target: "/v1/invitations", body: map[string]any{"email": "Bob@example.org", "role": role}}), 201)
	first, second := w.mailedToken(t, made.text("id")), w.mailedToken(t, made.text("id"))
	var won sync.Map
	var crowd sync.WaitGroup
	for i, token := range []cell.InvitationToken{first, second, first, second} {
		crowd.Go(func() {
			nobody := w.tn
			nobody.key = ""
			if a := w.p.asTenant(t, nobody, accept(token, "Bob")); a.status == 201 {
				won.Store(i, a)
			} else if a.status != 404 {
				t.Errorf("%d %s %s", a.status, a.body, w.p.log.troubles())
			}
		})
	}
	crowd.Wait()
	var accepted []api.InvitationAccepted
	won.Range(func(_, a any) bool {
		var body api.InvitationAccepted
		if err := json.Unmarshal(a.(answer).body, &body); err != nil {
			t.Error(err)
		}
		accepted = append(accepted, body)
		return true
	})
	if len(accepted) != 1 || accepted[0].User.Email != "Bob@example.org" || accepted[0].User.Role != role {
		t.Fatalf("accepted: %+v", accepted)
	}
	bob := w.tn
	bob.key = accepted[0].Key.Secret
	expect(t, w.p.asTenant(t, bob, request{method: "GET", target: "/v1/workspaces"}), 200)
	expect(t, w.p.asTenant(t, bob, request{method: "GET", target: "/v1/users"}), 403)
	expect(t, w.p.asTenant(t, w.tn, request{method: "GET", target: "/v1/invitations/" + made.text("id")}), 404)
	var log api.AuditList
	if err := json.Unmarshal(expect(t, w.p.asTenant(t, w.tn, request{method: "GET", target: "/v1/audit-log?limit=1"}), 200).body, &log); err != nil || len(log.Items) == 0 {
		t.Fatalf("%v %+v", err, log)
	}
	if last := log.Items[0]; last.Action != "invitation.accepted" || last.Actor.ID == nil || *last.Actor.ID != accepted[0].User.ID {
		t.Errorf("audit: %+v", last)
	}
	if strings.Contains(w.p.log.String(), string(first)) || strings.Contains(w.p.log.String(), bob.key) {
		t.Error("a secret was logged")
	}
}

func TestInvitationsThatEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	end := map[string]func(id string){
		"revoked": func(id string) {
			expect(t, w.p.asTenant(t, w.tn, request{method: "DELETE", target: "/v1/invitations/" + id}), 204)
		},
		"resent": func(id string) {
			expect(t, w.p.asTenant(t, w.tn, request{method: "POST", target: "/v1/invitations/" + id + "/resend"}), 200)
		},
		"over": func(id string) {
			w.p.exec(t, `UPDATE invitations SET expires_at = now() WHERE tenant_id = $1 AND invitation_id = $2`, w.tn.id.String(), id)
		},
	}
	for name, want := range map[string]int{"revoked": 404, "resent": 404, "over": 410} {
		id := w.made(t, invitation())
		token := w.mailedToken(t, id)
		end[name](id)
		before := w.digest(t)
		if a := w.p.asTenant(t, w.tn, accept(token, "x")); a.status != want || w.digest(t) != before {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	other := newWorld(t, w.p)
	theirs := other.mailedToken(t, other.made(t, invitation()))
	for name, token := range map[string]cell.InvitationToken{"foreign": theirs, "made up": cell.NewInvitationToken(uuid.New())} {
		if a := w.p.asTenant(t, w.tn, accept(token, "x")); a.status != 404 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	expect(t, w.p.asTenant(t, w.tn, accept("cdi_x", "x")), 422)
	if jobs := w.p.exec(t, `SELECT FROM jobs WHERE tenant_id = $1 AND kind = 'invite_email'`, w.tn.id.String()); jobs != 4 {
		t.Errorf("%d jobs for three invitations of which one was resent", jobs)
	}
}

func TestBulkInvitationsAreAllOrNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	invite := func(lines ...string) request {
		var list []any
		for _, line := range lines {
			email, role, _ := strings.Cut(line, " ")
			list = append(list, map[string]any{"email": email, "role": role})
		}
		return request{method: "POST", target: "/v1/invitations/bulk", body: map[string]any{"invitations": list}}
	}
	expect(t, w.p.asTenant(t, w.tn, invite("a@example.org viewer", "b@example.org admin")), 201)
	a := w.p.asTenant(t, w.tn, invite("c@example.org viewer", "A@example.org viewer", "ada@example.org member"))
	if a.status != 409 || !strings.Contains(string(a.body), `"/invitations/2/email"`) || strings.Contains(string(a.body), `"/invitations/0`) {
		t.Errorf("known addresses: %d %s", a.status, a.body)
	}
	a = w.p.asTenant(t, w.tn, invite("c@example.org viewer", "nobody viewer", "C@example.org viewer"))
	if a.status != 422 || !strings.Contains(string(a.body), `"/invitations/1/email"`) || !strings.Contains(string(a.body), `"/invitations/2/email"`) {
		t.Errorf("bad addresses: %d %s", a.status, a.body)
	}
	admin := w.as(w.p.addUser(t, w.tn, "admin"))
	before := w.digest(t)
	if a := w.p.asTenant(t, admin, invite("c@example.org viewer", "d@example.org owner")); a.status != 403 {
		t.Errorf("an admin invites an owner: %d %s", a.status, a.body)
	}
	if w.digest(t) != before {
		t.Error("something was stored")
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	user := w.p.addUser(t, w.tn, "member")
	self := w.as(user)
	one, two := w.beginSession(t, user), w.beginSession(t, user)
	if a := expect(t, w.checkSession(t, one.text("secret")), 200); a.text("user_id") != user || a.text("role") != "member" {
		t.Errorf("%s", a.body)
	}
	list := func() string {
		return string(expect(t, w.p.asTenant(t, self, request{method: "GET", target: "/v1/users/" + user + "/sessions"}), 200).body)
	}
	if text := list(); strings.Count(text, "192.0.2.7") != 2 || strings.Contains(text, one.text("secret")) {
		t.Errorf("%s", text)
	}
	expect(t, w.p.asTenant(t, self, request{method: "DELETE", target: "/v1/users/" + user + "/sessions/" + one.text("session_id")}), 204)
	expect(t, w.checkSession(t, one.text("secret")), 401)
	expect(t, w.checkSession(t, two.text("secret")), 200)
	expect(t, newWorld(t, w.p).checkSession(t, two.text("secret")), 401)
	expect(t, w.p.asTenant(t, w.tn, request{method: "DELETE", target: "/v1/users/" + user + "/sessions"}), 204)
	expect(t, w.checkSession(t, two.text("secret")), 401)
	three := w.beginSession(t, user)
	for status, want := range map[string]int{"disabled": 401, "active": 401} { // whichever comes first: what ended does not come back
		expect(t, w.p.asTenant(t, w.tn, request{method: "PATCH", target: "/v1/users/" + user, body: map[string]any{"status": "disabled"}}), 200)
		expect(t, w.p.asTenant(t, w.tn, request{method: "PATCH", target: "/v1/users/" + user, body: map[string]any{"status": status}}), 200)
		expect(t, w.checkSession(t, three.text("secret")), want)
		expect(t, w.p.asTenant(t, self, request{method: "GET", target: "/v1/me"}), want)
	}
	for range cell.MaxSessions + 2 {
		w.beginSession(t, w.owner(t))
	}
	if n := w.p.exec(t, `SELECT FROM sessions WHERE tenant_id = $1 AND ended_at IS NULL`, w.tn.id.String()); n != cell.MaxSessions {
		t.Errorf("%d sessions", n)
	}
}

func (w *world) owner(t *testing.T) string {
	t.Helper()
	return expect(t, w.p.asTenant(t, w.tn, request{method: "GET", target: "/v1/me"}), 200).text("user_id")
}

func TestUserSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	for i, name := range []string{"Grace Hopper", "Alan Turing", "100% Sure_"} {
		body := map[string]any{"email": fmt.Sprintf("user%d@example.org", i), "name": name, "role": "viewer"}
		expect(t, w.p.asTenant(t, w.tn, request{method: "POST", target: "/v1/users", body: body}), 201)
	}
	for query, want := range map[string]int{"q=GRACE": 1, "q=USER1%40": 1, "q=example.org": 4, "q=nobody": 0, "q=%25": 1, "q=_": 1, "q='": 0, "status=disabled": 0, "status=active": 4} {
		a := expect(t, w.p.asTenant(t, w.tn, request{method: "GET", target: "/v1/users?" + query}), 200)
		if n := strings.Count(string(a.body), `"email"`); n != want {
			t.Errorf("%s: %d users, want %d", query, n, want)
		}
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	workspace, other := w.make(t, "workspace_id", nil), w.make(t, "workspace_id", nil)
	user := w.p.addUser(t, w.tn, "viewer")
	path := "/v1/workspaces/" + workspace + "/members"
	for range 2 { // a member stays one
		expect(t, w.p.asTenant(t, w.tn, request{method: "PUT", target: path + "/" + user}), 204)
	}
	if a := expect(t, w.p.asTenant(t, w.tn, request{method: "GET", target: path}), 200); strings.Count(string(a.body), user) != 1 {
		t.Errorf("%s", a.body)
	}
	mine := expect(t, w.p.asTenant(t, w.tn, request{method: "GET", target: "/v1/workspaces?member_id=" + user}), 200)
	if !strings.Contains(string(mine.body), workspace) || strings.Contains(string(mine.body), other) {
		t.Errorf("%s", mine.body)
	}
	expect(t, w.p.asTenant(t, w.tn, request{method: "DELETE", target: path + "/" + user}), 204)
	expect(t, w.p.asTenant(t, w.tn, request{method: "DELETE", target: path + "/" + user}), 404)
	expect(t, w.p.asTenant(t, w.tn, request{method: "PUT", target: path + "/" + user}), 204)
	expect(t, w.p.asTenant(t, w.tn, request{method: "DELETE", target: "/v1/users/" + user}), 204)
	if a := w.p.asTenant(t, w.tn, request{method: "GET", target: path}); string(a.body) != "{\"items\":[]}\n" {
		t.Errorf("a removed user is a member: %s", a.body)
	}
}

func TestProjectsAreFoundAndChangedInBulk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	workspace := w.make(t, "workspace_id", nil)
	project := func(name, description string, tags ...string) map[string]any {
		return map[string]any{"workspace_id": workspace, "name": name, "description": description, "tags": append([]string{}, tags...)}
	}
	create := func(projects ...map[string]any) request {
		return request{method: "POST", target: "/v1/projects/bulk-create", body: map[string]any{"projects": projects}}
	}
	made := expect(t, w.p.asTenant(t, w.tn, create(project("Ärger im Büro", "", "z", "a", "z"), project("Rocket engine", "for the moon-shot 2030"), project("Engine room", ""))), 201)
	var items api.ProjectItems
	if err := json.Unmarshal(made.body, &items); err != nil || len(items.Items) != 3 || strings.Join(items.Items[0].Tags, "") != "az" {
		t.Fatalf("%v %s", err, made.body)
	}
	find := func(query string, want int) {
		t.Helper()
		a := expect(t, w.p.asTenant(t, w.tn, request{method: "GET", target: "/v1/projects?" + query}), 200)
		if n := strings.Count(string(a.body), `"workspace_id"`); n != want {
			t.Errorf("%s: %d projects, want %d", query, n, want)
		}
	}
	for query, want := range map[string]int{
		"q=engine": 2, "q=eng": 2, "q=rocket+moon": 1, "q=shot": 1, "q=203": 1, "q=%C3%84RG": 1, "q=ngine": 0, "q=engine+moonshine": 0, "q=%25": 3, "tag=a": 1, "tag=az": 0, "q=engine&tag=a": 0,
	} {
		find(query, want)
	}
	before := w.digest(t)
	clash := w.p.asTenant(t, w.tn, create(project("new", ""), project("ENGINE ROOM", "")))
	if clash.status != 409 || !strings.Contains(string(clash.body), `"/projects/1/name"`) || strings.Contains(string(clash.body), `"/projects/0`) {
		t.Errorf("%d %s", clash.status, clash.body)
	}
	change := func(action string, ids []uuid.UUID, tags ...string) request {
		body := map[string]any{"action": action, "project_ids": ids}
		if len(tags) > 0 {
			body["tags"] = tags
		}
		return request{method: "POST", target: "/v1/projects/bulk", body: body}
	}
	missing := w.p.asTenant(t, w.tn, change("delete", []uuid.UUID{items.Items[0].ID, uuid.New()}))
	if missing.status != 404 || !strings.Contains(string(missing.body), `"/project_ids/1"`) || strings.Contains(string(missing.body), `"/project_ids/0"`) {
		t.Errorf("%d %s", missing.status, missing.body)
	}
	expect(t, w.p.asTenant(t, w.tn, change("tag", []uuid.UUID{items.Items[0].ID})), 422)
	if w.digest(t) != before {
		t.Error("a refused bulk request changed something")
	}
	all := []uuid.UUID{items.Items[0].ID, items.Items[1].ID, items.Items[2].ID}
	expect(t, w.p.asTenant(t, w.tn, change("tag", all, "x", "a")), 200)
	find("tag=a", 3)
	expect(t, w.p.asTenant(t, w.tn, change("untag", all[:2], "a")), 200)
	find("tag=a", 1)
	expect(t, w.p.asTenant(t, w.tn, change("archive", all)), 200)
	find("status=archived", 3)
	expect(t, w.p.asTenant(t, w.tn, change("unarchive", all[:1])), 200)
	find("status=archived", 2)
	rename := request{method: "PATCH", target: "/v1/projects/" + all[1].String(), body: `{"name":"Shuttle","description":null,"tags":null}`, media: "application/json"}
	if a := expect(t, w.p.asTenant(t, w.tn, rename), 200); a.text("description") != "" || !strings.Contains(string(a.body), `"tags":[]`) {
		t.Errorf("%s", a.body)
	}
	find("q=rocket", 0)
	find("q=moon", 0)
	find("q=shut", 1)
	many := make([]string, 20)
	for i := range many {
		many[i] = fmt.Sprint("t", i)
	}
	expect(t, w.p.asTenant(t, w.tn, change("tag", all[:1], many...)), 409)
	repeated := withKey("bulk", change("delete", all))
	first := expect(t, w.p.asTenant(t, w.tn, repeated), 200)
	if again := w.p.asTenant(t, w.tn, repeated); !isReplayOf(again, first) {
		t.Errorf("%d %s", again.status, again.body)
	}
	find("q=shut", 0)
	if a := w.p.asTenant(t, w.tn, request{method: http.MethodGet, target: "/v1/projects?q=" + strings.Repeat("a", 201)}); a.code() != string(fault.Invalid) {
		t.Errorf("%d %s %s", a.status, a.body, w.p.log.troubles())
	}
}
