package app_test

import (
	"strings"
	"testing"

	internal "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/shared/testkit"
)

// linkedCode returns the code of the link that a mail carries.
func linkedCode(t *testing.T, mail received, path, tenant string) string {
	t.Helper()
	_, rest, found := strings.Cut(mail.body, "http://login.localhost:8092"+path+"?tenant="+tenant+"&code=")
	code, _, _ := strings.Cut(rest, "\n")
	if !found || strings.TrimSpace(code) == "" {
		t.Fatalf("no link in %s", mail.body)
	}
	return strings.TrimSpace(code)
}

func TestMailsLetPeopleIn(t *testing.T) {
	t.Parallel()
	p, sink := start(t, nil), newSink(t)
	w := newWorld(t, p)
	p.startWorker(t, testkit.RabbitMQ(t), sink, nil)
	m := w.addMember(t)
	tenant := w.tn.id.String()

	expect(t, w.ask(t, "POST", "/passwords/forgot", map[string]any{"email": "nobody@example.org"}), 204)
	for range 10 {
		m.login(t, "wrong", "")
	}
	expect(t, w.ask(t, "POST", "/passwords/forgot", map[string]any{"email": m.email}), 204)
	sent := sink.awaitTo(t, m.email, 1)[0]
	code := linkedCode(t, sent, "/password/reset", tenant)
	if stored := p.texts(t, `SELECT 'x' FROM one_time_codes o WHERE tenant_id = $1 AND strpos(o::text, $2) > 0`, tenant, code); len(stored) > 0 || strings.Contains(p.log.String(), code) {
		t.Error("the code is kept as it is")
	}
	reset := func(code, password string) answer {
		return w.ask(t, "POST", "/passwords/reset", map[string]any{"code": code, "password": password})
	}
	if a := reset(code, "12345678"); a.status != 422 || !strings.Contains(string(a.body), "/password") {
		t.Errorf("a bad password: %d %s", a.status, a.body)
	}
	if a := expect(t, reset(code, "another good one"), 200); a.text("user_id") != m.id {
		t.Errorf("%s", a.body)
	}
	expect(t, reset(code, "one more good one"), 404)
	if v := m.login(t, "another good one", ""); v.Result != internal.Ok || !*v.EmailVerified {
		t.Errorf("after the reset: %+v", v)
	}

	newcomer := expect(t, p.asTenant(t, w.tn, request{method: "POST", target: "/v1/users", body: map[string]any{"email": unique() + "@example.org", "name": "Eve", "role": "viewer"}}), 201)
	eve := member{w: w, id: newcomer.text("id"), email: newcomer.text("email")}
	expect(t, eve.ask(t, "POST", "/verification", nil), 204)
	code = linkedCode(t, sink.awaitTo(t, eve.email, 1)[0], "/verify", tenant)
	expect(t, reset(code, "another good one"), 404) // it is for something else
	if a := expect(t, w.ask(t, "POST", "/emails/verify", map[string]any{"code": code}), 200); a.text("user_id") != eve.id {
		t.Errorf("%s", a.body)
	}
	expect(t, w.ask(t, "POST", "/emails/verify", map[string]any{"code": code}), 404)
	if s := eve.security(t); !s.EmailVerified || s.Password {
		t.Errorf("%+v", s)
	}
	if mails := sink.mailsTo("nobody@example.org"); len(mails) != 0 {
		t.Errorf("nobody was mailed: %d", len(mails))
	}
}

func TestInvitationIsAcceptedWithAPassword(t *testing.T) {
	t.Parallel()
	p, sink := start(t, nil), newSink(t)
	w := newWorld(t, p)
	p.startWorker(t, testkit.RabbitMQ(t), sink, nil)
	email := unique() + "@example.org"
	expect(t, p.asTenant(t, w.tn, request{method: "POST", target: "/v1/invitations", body: map[string]any{"email": email, "role": "viewer"}}), 201)
	code := linkedCode(t, sink.awaitTo(t, email, 1)[0], "/invitation", w.tn.id.String())
	accept := func(code, name, password string) answer {
		return w.ask(t, "POST", "/invitations/accept", map[string]any{"code": code, "name": name, "password": password})
	}
	for what, a := range map[string]answer{"a bad password": accept(code, "Eve", "password1"), "no name": accept(code, " ", goodPassword)} {
		if a.status != 422 {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	expect(t, accept("cdi_x", "Eve", goodPassword), 404)
	user := expect(t, accept(code, "Eve", goodPassword), 200).text("user_id")
	expect(t, accept(code, "Eve", goodPassword), 404)
	if v := w.login(t, email, goodPassword, ""); v.Result != internal.Ok || v.UserID.String() != user || !*v.EmailVerified {
		t.Errorf("%+v", v)
	}
}

// A code that is asked for again and again leaves few that are good.
func TestFewMailedCodesAreGood(t *testing.T) {
	t.Parallel()
	p, sink := start(t, nil), newSink(t)
	w := newWorld(t, p)
	p.startWorker(t, testkit.RabbitMQ(t), sink, nil)
	m := w.addMember(t)
	for range 7 {
		expect(t, w.ask(t, "POST", "/passwords/forgot", map[string]any{"email": m.email}), 204)
	}
	sink.awaitTo(t, m.email, 7)
	if n := p.texts(t, `SELECT count(*)::text FROM one_time_codes WHERE tenant_id = $1`, w.tn.id.String())[0]; n != "5" {
		t.Errorf("%s codes are good", n)
	}
}
