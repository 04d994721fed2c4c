package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/testkit"
)

// mailsTo returns what the sink has got for an address.
func (s *sink) mailsTo(address string) []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	var got []received
	for _, m := range s.mails {
		if strings.Contains(m.Header.Get("To"), address) {
			got = append(got, m)
		}
	}
	return got
}

func (s *sink) awaitTo(t *testing.T, address string, n int) []received {
	t.Helper()
	var got []received
	testkit.Eventually(t, "mail to "+address, func() bool { got = s.mailsTo(address); return len(got) >= n })
	return got
}

// jobDone waits until the tenant's job of a kind is done, and returns its attempts.
func (w *world) jobDone(t *testing.T, kind cell.JobKind) float64 {
	t.Helper()
	var attempts any
	testkit.Eventually(t, "job "+string(kind), func() bool {
		jobs := nodes(w.p.query(t, w.tn, `query ($kind: String) { jobs(kind: $kind, state: done) { edges { node { attempts } } } }`, map[string]any{"kind": kind}).Data["jobs"])
		if len(jobs) != 1 {
			return false
		}
		attempts = at(jobs[0], "attempts")
		return true
	})
	n, _ := attempts.(float64)
	return n
}

// An invitation travels API → row → broker → worker → SMTP, and what the mail
// carries lets somebody in. A worker that comes after it sends nothing again.
func TestInvitationIsMailedAndAccepted(t *testing.T) {
	t.Parallel()
	p, sink, broker := start(t, nil), newSink(t), testkit.RabbitMQ(t)
	w := newWorld(t, p)
	sink.refuse(1) // the first attempt fails before the server has taken anything
	p.startWorker(t, broker, sink, func(o *app.WorkerOptions) { o.FirstRetry = 10 * time.Millisecond })
	r := invitation()
	id := w.made(t, r)
	address, _ := at(r.body, "email").(string)
	sent := sink.awaitTo(t, address, 1)[0]
	_, rest, found := strings.Cut(sent.body, `"token":"`)
	token, _, closed := strings.Cut(rest, `"`)
	if !found || !closed || sent.Header.Get("Subject") != "Invitation to Acme" || !strings.Contains(sent.body, "http://"+w.tn.slug+".localhost:8080/v1/invitations/accept") {
		t.Fatalf("%v\n%s", sent.Header, sent.body)
	}
	w.jobDone(t, cell.InviteEmail)

	// What the broker may deliver again, and a worker that lost its answer: once
	// the row is done nobody sends.
	p.startWorker(t, broker, sink, nil)
	p.exec(t, `UPDATE jobs SET run_at = now() - interval '1 hour', updated_at = now() - interval '1 hour' WHERE tenant_id = $1 AND state = 'done'`, w.tn.id.String())
	accepted := expect(t, p.asTenant(t, w.tn, accept(cell.InvitationToken(token), "Bob")), 201)
	expect(t, p.asTenant(t, w.tn, accept(cell.InvitationToken(token), "Bob")), 404)
	if !strings.Contains(string(accepted.body), "Bob") {
		t.Errorf("%s", accepted.body)
	}
	expect(t, p.asTenant(t, w.tn, get("/v1/invitations/"+id)), 404)
	if mails := sink.mailsTo(address); len(mails) != 1 {
		t.Errorf("%d mails", len(mails))
	}
}

// A worker that dies between the server's answer and the mark leaves it open
// whether the mail went out: it goes out again, as the same message.
func TestRepeatedMailIsTheSameMessage(t *testing.T) {
	t.Parallel()
	p, sink := start(t, nil), newSink(t)
	w := newWorld(t, p)
	p.startWorker(t, testkit.RabbitMQ(t), sink, nil)
	r := invitation()
	w.made(t, r)
	address, _ := at(r.body, "email").(string)
	sink.awaitTo(t, address, 1)
	w.jobDone(t, cell.InviteEmail)
	if n := p.exec(t, `UPDATE jobs SET state = 'running', updated_at = now() - interval '1 hour' WHERE tenant_id = $1 AND kind = 'invite_email'`, w.tn.id.String()); n != 1 {
		t.Fatalf("%d jobs", n)
	}
	mails := sink.awaitTo(t, address, 2)
	if attempts := w.jobDone(t, cell.InviteEmail); attempts != 2 || len(mails) != 2 || mails[0].Header.Get("Message-ID") != mails[1].Header.Get("Message-ID") {
		t.Errorf("%v attempts, %d mails", attempts, len(mails))
	}
}

// Each active owner is told once that an endpoint was stopped, however many
// deliveries found out at the same time, and nobody else is.
func TestOwnersAreToldOfADisabledWebhook(t *testing.T) {
	t.Parallel()
	p, sink, r := start(t, func(o *app.APIOptions) { o.Egress = toLoopback }), newSink(t), newReceiver(t)
	w := newWorld(t, p)
	emails := map[string]string{}
	for role, id := range map[string]string{"owner": p.addUser(t, w.tn, "owner"), "admin": p.addUser(t, w.tn, "admin"), "gone": p.addUser(t, w.tn, "owner")} {
		emails[role] = expect(t, p.asTenant(t, w.tn, get("/v1/users/"+id)), 200).text("email")
		if role == "gone" {
			expect(t, p.asTenant(t, w.tn, request{method: "PATCH", target: "/v1/users/" + id, body: map[string]any{"status": "disabled"}}), 200)
		}
	}
	r.answer(http.StatusGone)
	e := p.addEndpoint(t, w.tn, map[string]any{"url": r.url, "events": []string{"role.created"}, "description": "the tests' own"})
	for range 4 {
		expect(t, p.asTenant(t, w.tn, request{method: "POST", target: e.path + "/ping"}), 202)
	}
	p.startWorker(t, testkit.RabbitMQ(t), sink, func(o *app.WorkerOptions) { o.Egress = toLoopback })
	for _, address := range []string{"ada@example.org", emails["owner"]} {
		sent := sink.awaitTo(t, address, 1)[0]
		if sent.Header.Get("Subject") != "A webhook endpoint of Acme was disabled" || !strings.Contains(sent.body, "410") || !strings.Contains(sent.body, e.path) ||
			!strings.Contains(sent.body, "the tests' own") || strings.Contains(sent.body, "hunter2") {
			t.Errorf("%v\n%s", sent.Header, sent.body)
		}
	}
	testkit.Eventually(t, "all jobs", func() bool {
		return len(nodes(p.query(t, w.tn, `{ jobs(state: done, kind: "webhook_delivery") { edges { node { id } } } }`, nil).Data["jobs"])) == 4 &&
			len(nodes(p.query(t, w.tn, `{ jobs(state: done, kind: "webhook_disabled_email") { edges { node { id } } } }`, nil).Data["jobs"])) == 2
	})
	disabled := 0
	for _, m := range sink.await(t, 2) {
		if strings.Contains(m.Header.Get("Subject"), "disabled") {
			disabled++
		}
	}
	if disabled != 2 || len(sink.mailsTo(emails["admin"])) != 0 || len(sink.mailsTo(emails["gone"])) != 0 {
		t.Errorf("%d mails", disabled)
	}
	expect(t, p.asTenant(t, w.tn, request{method: "PATCH", target: e.path, body: map[string]any{"active": true}}), 200)
}
