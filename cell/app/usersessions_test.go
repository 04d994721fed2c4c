package app_test

import (
	"testing"

	internal "github.com/coditect/platform/cell/api/internalapi"
)

// Whoever signs a user in sees and ends the user's sessions, as the user's own
// page asks for it.
func TestSessionsOfAUserAreSeenAndEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	m, other := w.addMember(t), w.addMember(t)
	begin := func(m member) (id, secret string) {
		a := expect(t, w.ask(t, "POST", "/sessions", map[string]any{"user_id": m.id, "seconds": 60, "address": "203.0.113.9", "user_agent": "Firefox"}), 201)
		return a.text("session_id"), a.text("secret")
	}
	first, secret := begin(m)
	second, kept := begin(m)
	foreign, _ := begin(other)
	list := decode[internal.SessionList](t, m.ask(t, "GET", "/sessions", nil)).Items
	if len(list) != 2 || list[0].SessionID.String() != first || list[1].SessionID.String() != second || list[0].UserAgent != "Firefox" || list[0].Address != "203.0.113.9" {
		t.Fatalf("sessions: %+v", list)
	}
	expect(t, m.ask(t, "DELETE", "/sessions/"+foreign, nil), 404)
	expect(t, m.ask(t, "DELETE", "/sessions/"+first, nil), 204)
	expect(t, m.ask(t, "DELETE", "/sessions/"+first, nil), 404)
	expect(t, w.ask(t, "POST", "/sessions/check", map[string]any{"secret": secret}), 401)
	expect(t, w.ask(t, "POST", "/sessions/check", map[string]any{"secret": kept}), 200)
	if list = decode[internal.SessionList](t, m.ask(t, "GET", "/sessions", nil)).Items; len(list) != 1 {
		t.Errorf("%d sessions are left", len(list))
	}
}
