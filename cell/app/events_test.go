package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/testkit"
)

// event is one message of a stream.
type event struct {
	Type, Cursor, Code string
	Subject            struct{ Type, ID string }
	Actor              struct{ Type, ID string }
	Details            map[string]any
}

func (p *process) eventsRequest(t *testing.T, tn tenant, cursor string) *http.Request {
	t.Helper()
	target := "/v1/events"
	if cursor != "" {
		target += "?cursor=" + cursor
	}
	r, err := http.NewRequestWithContext(testkit.Context(t), "GET", "http://"+p.addresses.API.String()+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(cellapi.HeaderRequestID, "follow")
	signEdge(r, edgeKey, tn, 1, time.Now())
	return r
}

// follow opens a WebSocket and takes the first message.
func (p *process) follow(t *testing.T, tn tenant, cursor string) (*websocket.Conn, event) {
	t.Helper()
	r := p.eventsRequest(t, tn, cursor)
	conn, _, err := websocket.Dial(r.Context(), r.URL.String(), &websocket.DialOptions{HTTPHeader: r.Header, HTTPClient: p.client})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	ready := next(t, conn)
	if ready.Type != "ready" || ready.Cursor == "" {
		t.Fatalf("first came %+v", ready)
	}
	return conn, ready
}

func next(t *testing.T, conn *websocket.Conn) event {
	t.Helper()
	ctx, cancel := context.WithTimeout(testkit.Context(t), 30*time.Second)
	defer cancel()
	_, text, err := conn.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var e event
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return e
}

func (p *process) addWorkspaceNamed(t *testing.T, tn tenant, name string) {
	t.Helper()
	expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": name}}), 201)
}

// Many write at once; a follower that goes away and comes back sees each change
// once.
func TestNoEventIsSkippedOrTwice(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	conn, ready := p.follow(t, tn, "")
	const writers, each = 6, 8
	var crowd sync.WaitGroup
	for w := range writers {
		crowd.Go(func() {
			for i := range each {
				a := p.asTenant(t, tn, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": fmt.Sprint(w, "-", i)}})
				if a.status != 201 {
					t.Errorf("%d %s", a.status, a.body)
				}
			}
		})
	}
	seen, cursors := map[string]bool{}, map[string]bool{ready.Cursor: true}
	for len(seen) < writers*each {
		e := next(t, conn)
		if e.Subject.Type == "tenant" { // its arrival, sealed a moment later
			continue
		}
		name, _ := e.Details["name"].(string)
		if e.Type != "workspace.created" || e.Subject.Type != "workspace" || e.Actor.ID == "" || seen[name] || cursors[e.Cursor] {
			t.Fatalf("%+v", e)
		}
		seen[name], cursors[e.Cursor] = true, true
		if len(seen)%11 == 0 { // away and back
			_ = conn.CloseNow()
			conn, _ = p.follow(t, tn, e.Cursor)
		}
	}
	crowd.Wait()
}

func TestServerSentEventsResume(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	conn, ready := p.follow(t, tn, "")
	_ = conn.CloseNow()
	for _, name := range []string{"one", "two", "three"} {
		p.addWorkspaceNamed(t, tn, name)
	}
	last := ready.Cursor
	for _, want := range []string{"one", "two", "three"} {
		r := p.eventsRequest(t, tn, "")
		r.Header.Set("Last-Event-ID", last)
		r.Header.Set("Accept", "text/event-stream")
		resp, err := p.client.Do(r)
		if err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("%v, %v", resp, err)
		}
		lines := bufio.NewScanner(resp.Body)
		id, name := "", ""
		for name == "" && lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				id = text
			}
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var e event
				if err := json.Unmarshal([]byte(text), &e); err != nil || e.Cursor != id {
					t.Fatalf("%v: %s", err, text)
				}
				name, _ = e.Details["name"].(string)
			}
		}
		resp.Body.Close()
		if name != want {
			t.Fatalf("%q came, want %q", name, want)
		}
		last = id
	}
}

func TestFollowersSeeWhatTheyMayRead(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	viewer := tn
	viewer.key = newKey(tn.id)
	user := p.addUser(t, tn, "viewer")
	p.addKey(t, tn, user, viewer.key)
	conn, ready := p.follow(t, viewer, "")
	expect(t, p.asTenant(t, tn, createKey(user)), 201)
	p.addWorkspaceNamed(t, tn, "seen")
	for e := next(t, conn); e.Details["name"] != "seen"; e = next(t, conn) {
		if e.Subject.Type == "api_key" {
			t.Errorf("a viewer saw %+v", e)
		}
	}
	all, _ := p.follow(t, tn, ready.Cursor)
	for e := next(t, all); e.Subject.Type != "api_key"; e = next(t, all) {
	}
}

func TestStreamsEndWithTheirReason(t *testing.T) {
	t.Parallel()
	p := shared()
	for name, c := range map[string]struct {
		sql, code string
		status    websocket.StatusCode
	}{
		"revoked key": {`UPDATE api_keys SET revoked_at = now() WHERE tenant_id = $1`, "unauthenticated", 4401},
		"departed":    {`UPDATE tenants SET state = 'departed', moved_to = 'cell-b', moved_epoch = 2 WHERE tenant_id = $1`, "moved", 4421},
	} {
		tn := p.admit(t)
		conn, _ := p.follow(t, tn, "")
		begun := time.Now()
		p.fence(t, tn, c.sql)
		e := next(t, conn)
		for e.Subject.Type == "tenant" { // its arrival, sealed a moment later
			e = next(t, conn)
		}
		if e.Type != "end" || e.Code != c.code || e.Cursor == "" || time.Since(begun) > 15*time.Second {
			t.Errorf("%s: %+v after %s", name, e, time.Since(begun))
		}
		_, _, err := conn.Read(testkit.Context(t))
		if websocket.CloseStatus(err) != c.status {
			t.Errorf("%s: closed with %v", name, err)
		}
	}
}

func TestBadFollowersAreRefusedBeforeTheStream(t *testing.T) {
	t.Parallel()
	p := shared()
	tn, other := p.admit(t), p.admit(t)
	_, ready := p.follow(t, other, "")
	ahead, _ := p.follow(t, tn, "")
	p.addWorkspaceNamed(t, tn, "x")
	cursor := next(t, ahead).Cursor
	// As if restored from before; the log first, so that nothing is there to be sealed again.
	p.exec(t, `DELETE FROM audit_logs WHERE tenant_id = $1`, tn.id.String())
	p.exec(t, `DELETE FROM audit_checkpoints WHERE tenant_id = $1`, tn.id.String())
	p.exec(t, `DELETE FROM audit_chain WHERE tenant_id = $1`, tn.id.String())
	stranger := tn
	stranger.key = newKey(tn.id)
	for name, c := range map[string]struct {
		tn     tenant
		cursor string
		status int
	}{
		"made-up cursor":      {tn, "AAAA", 422},
		"another's cursor":    {tn, ready.Cursor, 422},
		"a list's cursor":     {tn, strings.Repeat("A", 32), 422},
		"ahead of the cell":   {tn, cursor, 410},
		"unknown key":         {stranger, "", 401},
		"tenant of elsewhere": {newTenant(), "", 421},
	} {
		for _, upgrade := range []bool{false, true} {
			r := p.eventsRequest(t, c.tn, c.cursor)
			if upgrade {
				_, resp, err := websocket.Dial(r.Context(), r.URL.String(), &websocket.DialOptions{HTTPHeader: r.Header, HTTPClient: p.client})
				if err == nil || resp == nil || resp.StatusCode != c.status {
					t.Errorf("%s, upgrade: %v", name, err)
				}
				continue
			}
			resp, err := p.client.Do(r)
			if err != nil || resp.StatusCode != c.status {
				t.Errorf("%s: %v, %v", name, resp, err)
				continue
			}
			resp.Body.Close()
		}
	}
}
