package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

func withKey(key string, r request) request {
	r.header = http.Header{"Idempotency-Key": {key}}
	return r
}

func isReplayOf(a, first answer) bool {
	same := a.status == first.status && bytes.Equal(a.body, first.body) && a.header.Get("Idempotent-Replayed") == "true"
	for _, name := range []string{"ETag", "Location", "Content-Type", cellapi.HeaderTenantEpoch} {
		same = same && a.header.Get(name) == first.header.Get(name)
	}
	return same
}

func TestRepeatedWritesGetTheFirstAnswer(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	workspace := expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "w"}}), 201).text("id")
	path := "/v1/workspaces/" + workspace
	for i, c := range []struct {
		r      request
		status int
	}{
		{request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "made"}}, 201},
		{request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "W"}}, 409},
		{request{method: "PATCH", target: path, body: map[string]any{"description": "d"}}, 200},
		{request{method: "PATCH", target: "/v1/organization", body: map[string]any{"name": "Acme & Sons"}}, 200},
		{request{method: "DELETE", target: path}, 204},
		{request{method: "DELETE", target: "/v1/projects/" + uuid.NewString()}, 404},
	} {
		key := fmt.Sprint("key-", i)
		first := expect(t, p.asTenant(t, tn, withKey(key, c.r)), c.status)
		if first.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("%s %s: the first is a replay", c.r.method, c.r.target)
		}
		for range 2 {
			if again := p.asTenant(t, tn, withKey(key, c.r)); !isReplayOf(again, first) {
				t.Errorf("%s %s: %d %v %s, first %v %s", c.r.method, c.r.target, again.status, again.header, again.body, first.header, first.body)
			}
		}
		other := p.asTenant(t, tn, withKey(key, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "other"}}))
		if other.status != 422 || other.code() != string(fault.KeyReused) {
			t.Errorf("another request: %d %s", other.status, other.body)
		}
	}
	list := p.asTenant(t, tn, withKey("key-0", request{method: "GET", target: "/v1/workspaces"})) // of no meaning here
	if list.status != 200 || strings.Count(string(list.body), `"id"`) != 1 || !strings.Contains(string(list.body), `"made"`) {
		t.Errorf("%s", list.body)
	}
	for _, keys := range [][]string{{""}, {strings.Repeat("k", 256)}, {"a b"}, {"é"}, {"a", "b"}} {
		r := request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "x"}, header: http.Header{"Idempotency-Key": keys}}
		if a := p.asTenant(t, tn, r); a.status != 422 || a.code() != string(fault.Invalid) {
			t.Errorf("key %q: %d %s", keys, a.status, a.body)
		}
	}
	expect(t, p.asTenant(t, tn, withKey(strings.Repeat("~", 255), request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "x"}})), 201)
}

func TestSecretsAreNotKeptForRepetitions(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	user := p.addUser(t, tn, "member")
	first := expect(t, p.asTenant(t, tn, withKey("k", createKey(user))), 201)
	again := expect(t, p.asTenant(t, tn, withKey("k", createKey(user))), 201)
	if first.text("secret") == "" || again.text("secret") != "" || again.text("id") != first.text("id") || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s then %s", first.body, again.body)
	}
	if n := p.exec(t, `SELECT FROM idempotency_keys WHERE tenant_id = $1 AND position(convert_to($2, 'UTF8') IN body) > 0`, tn.id.String(), first.text("secret")); n != 0 {
		t.Error("the secret is stored")
	}
}

// The line dies when the answer is on its way: the write has committed, and the
// client does not know.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	swallowed := make(chan error, 1)
	go func() { swallowed <- swallowAnswer(listener, p.addresses.API.String()) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if status, body := attempt(t.Context(), client, http.MethodPost, "http://"+listener.Addr().String(), tn, "once"); status != 0 {
		t.Fatalf("the answer arrived: %d %s", status, body)
	}
	if err := <-swallowed; err != nil {
		t.Fatal(err)
	}
	again := p.asTenant(t, tn, withKey("once", request{method: "POST", target: "/v1/workspaces", body: `{"name":"once"}`, media: "application/json"}))
	if again.status != 201 || again.header.Get("Idempotent-Replayed") != "true" || again.text("name") != "once" {
		t.Errorf("%d %v %s", again.status, again.header, again.body)
	}
}

// swallowAnswer carries one request to the server and no answer back.
func swallowAnswer(listener net.Listener, server string) error {
	near, err := listener.Accept()
	if err != nil {
		return err
	}
	_ = listener.Close()
	far, err := net.Dial("tcp", server)
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { defer close(done); _, _ = io.Copy(far, near) }()
	_, err = far.Read(make([]byte, 1))
	_, _ = near.Close(), far.Close()
	<-done
	return err
}

// Clients that lose connections in the middle of requests repeat them until
// they have an answer: each write took effect once.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	line := newCable(t, "http://"+p.addresses.API.String())
	const writes = 40
	var crowd sync.WaitGroup
	var lost atomic.Int64
	for worker := range 4 {
		crowd.Go(func() {
			for n := worker; n < writes; n += 4 {
				lost.Add(repeatUntilAnswered(t, line, tn, fmt.Sprint("w", n)))
			}
		})
	}
	done := make(chan struct{})
	go func() { crowd.Wait(); close(done) }()
	for cutting := true; cutting; {
		select {
		case <-done:
			cutting = false
		case <-time.After(time.Duration(5+rand.IntN(40)) * time.Millisecond): // a line that breaks again and again
			line.cut()
		}
	}
	a := expect(t, p.asTenant(t, tn, request{method: "GET", target: "/v1/workspaces?limit=200"}), 200)
	if n := strings.Count(string(a.body), `"id"`); n != writes {
		t.Errorf("%d workspaces for %d writes", n, writes)
	}
	if lost.Load() == 0 {
		t.Error("no request was lost: nothing was tried")
	}
	t.Logf("%d requests lost", lost.Load())
	if n := p.exec(t, `SELECT FROM audit_logs WHERE tenant_id = $1 AND action = 'workspace.created'`, tn.id.String()); n != writes {
		t.Errorf("%d audit entries for %d writes", n, writes)
	}
}

// repeatUntilAnswered gives every request a connection of its own, and returns
// how many were lost.
func repeatUntilAnswered(t *testing.T, line *cable, tn tenant, name string) (lost int64) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	for {
		status, body := attempt(t.Context(), client, http.MethodPost, line.url, tn, name)
		switch status {
		case 0:
			lost++
		case http.StatusConflict, http.StatusServiceUnavailable: // the one before is still executed
		case http.StatusCreated:
			return lost
		default:
			t.Errorf("%s: %d %s", name, status, body)
			return lost
		}
	}
}

func attempt(ctx context.Context, client *http.Client, method, base string, tn tenant, name string) (status int, body string) {
	req, err := http.NewRequestWithContext(ctx, method, base+"/v1/workspaces", strings.NewReader(`{"name":"`+name+`"}`))
	if err != nil {
		return -1, err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", name)
	req.Header.Set(cellapi.HeaderRequestID, uuid.NewString())
	signEdge(req, edgeKey, tn, 1, time.Now())
	resp, err := client.Do(req)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, ""
	}
	return resp.StatusCode, string(raw)
}
