package app_test

import (
	"testing"
	"time"

	"github.com/coditect/platform/cell"
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

// Who shows a token that was given in a session is told by the standing whether
// somebody has ended that session, for as long as the token may live.
func TestHowASessionEndedIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	m, other := w.addMember(t), w.addMember(t)
	begin := func(seconds int) string {
		return expect(t, w.ask(t, "POST", "/sessions", map[string]any{"user_id": m.id, "seconds": seconds, "address": "203.0.113.9", "user_agent": "Firefox"}), 201).text("session_id")
	}
	ended := func(m member, session string) internal.SessionEnd {
		t.Helper()
		standing := decode[internal.Standing](t, m.ask(t, "GET", "/standing?session="+session, nil))
		if standing.Session == nil {
			return ""
		}
		return *standing.Session
	}
	revoked, left, own, goesOn := begin(60), begin(60), begin(60), begin(60)
	expect(t, m.ask(t, "DELETE", "/sessions/"+revoked, nil), 204)
	expect(t, m.ask(t, "DELETE", "/sessions/"+left+"?signed_out=true", nil), 204)
	expect(t, w.p.asTenant(t, w.as(m.id), request{method: "DELETE", target: "/v1/users/" + m.id + "/sessions/" + own}), 204)
	over := begin(60)
	w.p.exec(t, `UPDATE sessions SET expires_at = now() - interval '1 minute' WHERE tenant_id = $1 AND session_id = ANY($2::text[]::uuid[])`, w.tn.id.String(), []string{over, revoked, left})
	for range cell.MaxSessions { // which removes what is over, and the oldest
		begin(60)
	}
	for session, want := range map[string]internal.SessionEnd{
		revoked: internal.Revoked, own: internal.Revoked, left: internal.SignedOut, over: "", goesOn: "", "0190c1f0-0000-7000-8000-000000000001": "",
	} {
		if got := ended(m, session); got != want {
			t.Errorf("%s: %q, want %q", session, got, want)
		}
	}
	if got := ended(other, revoked); got != "" {
		t.Errorf("somebody else's: %q", got)
	}
	if kept := w.p.texts(t, `SELECT address || user_agent FROM sessions WHERE tenant_id = $1 AND ended_at IS NOT NULL`, w.tn.id.String()); len(kept) != 3 || kept[0]+kept[1]+kept[2] != "" {
		t.Errorf("of three that were ended there is %q", kept)
	}
	if list := decode[internal.SessionList](t, m.ask(t, "GET", "/sessions", nil)).Items; len(list) != cell.MaxSessions {
		t.Errorf("%d sessions go on", len(list))
	}
}

// Whoever ends all sessions of a user, or disables it, ends what was given in those
// that are over, too: for good.
func TestAllSessionsEndWithTheirTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	for name, end := range map[string]func(m member) answer{
		"all ended": func(m member) answer {
			return w.p.asTenant(t, w.tn, request{method: "DELETE", target: "/v1/users/" + m.id + "/sessions"})
		},
		"disabled": func(m member) answer {
			expect(t, w.p.asTenant(t, w.tn, request{method: "PATCH", target: "/v1/users/" + m.id, body: map[string]any{"status": "disabled"}}), 200)
			expect(t, w.p.asTenant(t, w.tn, request{method: "PATCH", target: "/v1/users/" + m.id, body: map[string]any{"status": "active"}}), 200)
			return answer{status: 204}
		},
	} {
		m := w.addMember(t)
		begun := time.Now()
		expect(t, end(m), 204)
		standing := decode[internal.Standing](t, m.ask(t, "GET", "/standing", nil))
		if standing.SessionsRevokedAt == nil || standing.SessionsRevokedAt.Before(begun) || !standing.Active {
			t.Errorf("%s: %+v", name, standing)
		}
	}
}
