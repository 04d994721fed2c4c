package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// A WebSocket through a router gets a change; one through the other router
// goes on where it ended.
func TestFollowersGetChangesThroughARouterAndResume(t *testing.T) {
	p := platform(t)
	x := signUp(t, p, us)
	follow := func(region, cursor string) *websocket.Conn {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		url := strings.Replace(p.State().Endpoints.Routers[region].URL, "http://", "ws://", 1) + "/v1/events"
		if cursor != "" {
			url += "?cursor=" + cursor
		}
		conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Host: x.Slug + ".localhost", HTTPHeader: http.Header{"Authorization": {"Bearer " + x.Key}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.CloseNow() })
		return conn
	}
	// await reads up to the creation of the named workspace and returns its cursor.
	await := func(conn *websocket.Conn, name string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for {
			_, text, err := conn.Read(ctx)
			if err != nil {
				t.Fatalf("waiting for %s: %v", name, err)
			}
			var e struct {
				Type, Cursor string
				Details      map[string]any
			}
			if err := json.Unmarshal(text, &e); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			if e.Type == "workspace.created" {
				if e.Details["name"] != name {
					t.Fatalf("%s came, want %s", text, name)
				}
				return e.Cursor
			}
		}
	}
	create := func(name string) {
		t.Helper()
		if status, body := x.call(t, p, us, "POST", "/v1/workspaces", fmt.Sprintf(`{"name":%q}`, name)); status != http.StatusCreated {
			t.Fatalf("%d %s", status, body)
		}
	}
	conn := follow(us, "")
	create("first")
	cursor := await(conn, "first")
	_ = conn.CloseNow()
	create("second")
	create("third")
	conn = follow(eu, cursor)
	await(conn, "second")
	await(conn, "third")
}
