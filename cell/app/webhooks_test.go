package app_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/cell/internal/webhooks"
	"github.com/coditect/platform/shared/testkit"
)

var toLoopback = app.EgressOptions{Allow: []string{"127.0.0.0/8"}, HTTP: true}

// receiver is a tenant's own server.
type receiver struct {
	url string

	mu       sync.Mutex
	status   int
	messages []message
}

type message struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusNoContent}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.messages = append(r.messages, message{req.Header, body})
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, "thanks")
	}))
	t.Cleanup(server.Close)
	r.url = server.URL + "/hook?token=hunter2"
	return r
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// await returns the messages once there are n.
func (r *receiver) await(t *testing.T, n int) []message {
	t.Helper()
	var got []message
	testkit.Eventually(t, strconv.Itoa(n)+" messages", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		got = slices.Clone(r.messages)
		return len(got) >= n
	})
	return got
}

// genuine checks a message as its receiver does, with any of the secrets that
// the test was shown.
func (m message) genuine(t *testing.T, secret string) bool {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := strconv.ParseInt(m.header.Get("Webhook-Timestamp"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	want := webhooks.Signature(key, m.header.Get("Webhook-Id"), time.Unix(seconds, 0), m.body)
	return slices.Contains(strings.Fields(m.header.Get("Webhook-Signature")), want)
}

func startWithWebhooks(t *testing.T) *process {
	t.Helper()
	p := start(t, func(o *app.APIOptions) { o.Egress = toLoopback })
	p.startWorker(t, testkit.RabbitMQ(t), newSink(t), func(o *app.WorkerOptions) { o.Egress = toLoopback })
	return p
}

type endpoint struct{ path, secret string }

func (p *process) addEndpoint(t *testing.T, tn tenant, body map[string]any) endpoint {
	t.Helper()
	var made api.WebhookEndpointSecret
	a := expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/webhook-endpoints", body: body}), 201)
	if err := json.Unmarshal(a.body, &made); err != nil || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%v %v", err, a.header)
	}
	return endpoint{path: "/v1/webhook-endpoints/" + made.Endpoint.ID.String(), secret: made.Secret}
}

func (p *process) delivery(t *testing.T, tn tenant, path string) api.WebhookDeliveryLog {
	t.Helper()
	var log api.WebhookDeliveryLog
	if err := json.Unmarshal(expect(t, p.asTenant(t, tn, request{method: "GET", target: path}), 200).body, &log); err != nil {
		t.Fatal(err)
	}
	return log
}

// An event travels mutation → audit row → chain → delivery → job → receiver.
func TestWebhookIsDeliveredSignedAndLogged(t *testing.T) {
	t.Parallel()
	p, r := startWithWebhooks(t), newReceiver(t)
	tn := p.admit(t)
	e := p.addEndpoint(t, tn, map[string]any{"url": r.url, "events": []string{"workspace.created"}})
	workspace := expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "Research"}}), 201).text("id")
	expect(t, p.asTenant(t, tn, request{method: "DELETE", target: "/v1/workspaces/" + workspace}), 204) // not asked for
	m := r.await(t, 1)[0]
	var body struct {
		Type string
		Data struct {
			ID      string
			Subject struct{ Type, ID string }
			Details map[string]any
		}
	}
	if err := json.Unmarshal(m.body, &body); err != nil || body.Type != "workspace.created" || body.Data.Subject.ID != workspace || body.Data.Details["name"] != "Research" {
		t.Errorf("%v %s", err, m.body)
	}
	if !m.genuine(t, e.secret) || m.header.Get("Webhook-Id") != "msg_"+body.Data.ID {
		t.Errorf("%v", m.header)
	}
	path := e.path + "/deliveries/" + body.Data.ID
	var log api.WebhookDeliveryLog
	testkit.Eventually(t, "delivered", func() bool {
		log = p.delivery(t, tn, path)
		return log.Delivery.State == api.WebhookDeliveryState(cell.DeliveryDelivered)
	})
	if len(log.Attempts) != 1 || *log.Attempts[0].Status != 204 || log.Attempts[0].Error != nil {
		t.Errorf("%+v", log)
	}

	// Rotated and replayed: the same message, with both signatures.
	var rotated api.WebhookEndpointSecret
	if err := json.Unmarshal(expect(t, p.asTenant(t, tn, request{method: "POST", target: e.path + "/rotate"}), 200).body, &rotated); err != nil {
		t.Fatal(err)
	}
	expect(t, p.asTenant(t, tn, request{method: "POST", target: path + "/replay"}), 202)
	again := r.await(t, 2)[1]
	if !again.genuine(t, e.secret) || !again.genuine(t, rotated.Secret) || string(again.body) != string(m.body) || again.header.Get("Webhook-Id") != m.header.Get("Webhook-Id") {
		t.Errorf("replayed: %v %s", again.header, again.body)
	}
	if log := p.auditLog(t, tn, nil); strings.Contains(mustJSON(t, log), "hunter2") || strings.Contains(mustJSON(t, log), "whsec_") {
		t.Error("the log tells secrets")
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWebhookIsTriedAgainAndStoppedWhenGone(t *testing.T) {
	t.Parallel()
	p, r := startWithWebhooks(t), newReceiver(t)
	tn := p.admit(t)
	r.answer(http.StatusInternalServerError)
	e := p.addEndpoint(t, tn, map[string]any{"url": r.url})
	ping := expect(t, p.asTenant(t, tn, request{method: "POST", target: e.path + "/ping"}), 202)
	path := e.path + "/deliveries/" + ping.text("event_id")
	r.await(t, 1)
	testkit.Eventually(t, "the first failure", func() bool { return len(p.delivery(t, tn, path).Attempts) == 1 })
	log := p.delivery(t, tn, path)
	if log.Delivery.State != "pending" || log.Delivery.Event != "ping" || log.Delivery.NextAttemptAt == nil || *log.Attempts[0].Response != "thanks" {
		t.Errorf("%+v", log)
	}
	expect(t, p.asTenant(t, tn, request{method: "POST", target: path + "/replay"}), 409)
	if a := p.asTenant(t, tn, request{method: "GET", target: e.path}); a.text("failing_since") == "" {
		t.Errorf("%s", a.body)
	}
	r.answer(http.StatusGone)
	r.await(t, 2) // by itself, after some seconds, under the same id
	testkit.Eventually(t, "the endpoint stopped", func() bool {
		return strings.Contains(p.asTenant(t, tn, request{method: "GET", target: e.path}).text("disabled_reason"), "410")
	})
	if got := p.auditLog(t, tn, map[string][]string{"action": {"webhook_endpoint.disabled"}}); len(got.Items) != 1 || got.Items[0].Actor.Kind != "system" {
		t.Errorf("%+v", got)
	}
	back := expect(t, p.asTenant(t, tn, request{method: "PATCH", target: e.path, body: map[string]any{"active": true}}), 200)
	if back.text("disabled_reason") != "" || back.text("failing_since") != "" {
		t.Errorf("%s", back.body)
	}
}

func TestWebhookEndpointRules(t *testing.T) {
	t.Parallel()
	p := shared() // nothing but the public internet
	tn := p.admit(t)
	for _, body := range []map[string]any{
		{"url": "https://127.0.0.1/"},
		{"url": "http://example.com/"},
		{"url": "https://2130706433/"},
		{"url": "https://metadata.google.internal/"},
		{"url": "https://example.com:22/"},
		{"url": "https://user:hunter2@example.com/"},
		{"url": "https://example.com/", "events": []string{"no.event"}},
	} {
		if a := expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/webhook-endpoints", body: body}), 422); strings.Contains(string(a.body), "hunter2") {
			t.Errorf("%s", a.body)
		}
	}
	e := p.addEndpoint(t, tn, map[string]any{"url": "https://EXAMPLE.com./hook", "active": false})
	if a := p.asTenant(t, tn, request{method: "GET", target: e.path}); a.text("url") != "https://example.com/hook" || strings.Contains(string(a.body), e.secret) {
		t.Errorf("%s", a.body)
	}
	expect(t, p.asTenant(t, tn, request{method: "PATCH", target: e.path, body: map[string]any{"url": "https://10.0.0.1/"}}), 422)
	expect(t, p.asTenant(t, tn, request{method: "PATCH", target: e.path, body: map[string]any{"description": "x", "events": []string{"project.created"}}, header: http.Header{"If-Match": {`"v1"`}}}), 200)
	expect(t, p.asTenant(t, tn, request{method: "PATCH", target: e.path, body: map[string]any{"description": "y"}, header: http.Header{"If-Match": {`"v1"`}}}), 412)
	for range cell.MaxWebhookEndpoints - 1 {
		p.addEndpoint(t, tn, map[string]any{"url": "https://example.com/"})
	}
	expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/webhook-endpoints", body: map[string]any{"url": "https://example.com/"}}), 409)
	expect(t, p.asTenant(t, tn, request{method: "DELETE", target: e.path}), 204)
	expect(t, p.asTenant(t, tn, request{method: "GET", target: e.path}), 404)
}
