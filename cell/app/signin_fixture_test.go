package app_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	internal "github.com/coditect/platform/cell/api/internalapi"
)

const goodPassword = "four giraffes in a tree"

// ask sends a request of those who sign users in.
func (w *world) ask(t testing.TB, method, path string, body any) answer {
	t.Helper()
	return w.p.asControlPlane(t, request{method: method, target: "/internal/v1/tenants/" + w.tn.id.String() + path, body: body})
}

// decode reads an answer that was expected.
func decode[T any](t testing.TB, a answer) (into T) {
	t.Helper()
	if err := json.Unmarshal(expect(t, a, http.StatusOK).body, &into); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return into
}

// member is a user who signs in.
type member struct {
	w         *world
	id, email string
}

// addMember makes one with a password.
func (w *world) addMember(t testing.TB) member {
	t.Helper()
	m := member{w: w, email: unique() + "@example.org"}
	a := expect(t, w.p.asTenant(t, w.tn, request{method: "POST", target: "/v1/users", body: map[string]any{"email": m.email, "name": "Bob", "role": "member"}}), 201)
	m.id = a.text("id")
	expect(t, m.ask(t, "PUT", "/password", map[string]any{"password": goodPassword}), 204)
	return m
}

func (m member) ask(t testing.TB, method, path string, body any) answer {
	t.Helper()
	return m.w.ask(t, method, "/users/"+m.id+path, body)
}

// login tries a password, with a device's secret unless that is "".
func (w *world) login(t testing.TB, email, password, device string) internal.LoginVerdict {
	t.Helper()
	body := map[string]any{"email": email, "password": password}
	if device != "" {
		body["device"] = device
	}
	return decode[internal.LoginVerdict](t, w.ask(t, "POST", "/logins/verify", body))
}

func (m member) login(t testing.TB, password, device string) internal.LoginVerdict {
	t.Helper()
	return m.w.login(t, m.email, password, device)
}

// step completes a login, or is refused.
func (m member) step(t testing.TB, kind, code string) int {
	t.Helper()
	return m.w.ask(t, "POST", "/logins/"+kind, map[string]any{"user_id": m.id, "code": code}).status
}

func (m member) security(t testing.TB) internal.Security {
	t.Helper()
	return decode[internal.Security](t, m.ask(t, "GET", "/security", nil))
}

// authenticatorCode is what an authenticator app shows in a step of time.
func authenticatorCode(t testing.TB, secret string, step int64) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	if err := binary.Write(mac, binary.BigEndian, step); err != nil {
		t.Fatal(err)
	}
	sum := mac.Sum(nil)
	at := sum[19] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
}

// enrolled is a second step that is set up.
type enrolled struct {
	t        testing.TB
	secret   string
	step     int64 // of which the code was used
	recovery []string
}

// code is the one of some steps behind the one that was used.
func (e enrolled) code(steps int64) string { return authenticatorCode(e.t, e.secret, e.step+steps) }

// enrol sets TOTP up.
func (m member) enrol(t testing.TB) enrolled {
	t.Helper()
	begun := decode[internal.TotpEnrolment](t, m.ask(t, "POST", "/totp", nil))
	e := enrolled{t: t, secret: begun.Secret, step: time.Now().Unix() / 30}
	e.recovery = decode[internal.RecoveryCodes](t, m.ask(t, "PUT", "/totp", map[string]any{"code": e.code(0)})).RecoveryCodes
	return e
}

// audited returns how often the tenant's log has an action.
func (w *world) audited(t testing.TB, action string) string {
	t.Helper()
	return w.p.texts(t, `SELECT count(*)::text FROM audit_logs WHERE tenant_id = $1 AND action = $2`, w.tn.id.String(), action)[0]
}

// signinAs leaves what a person who signs in leaves.
func (w *world) signinAs(t *testing.T, p person) {
	t.Helper()
	m := member{w: w, id: p.id, email: p.email}
	expect(t, m.ask(t, "PUT", "/password", map[string]any{"password": goodPassword}), 204)
	m.enrol(t)
	newAuthenticator(t).add(t, m, p.name+"'s key")
	expect(t, m.ask(t, "POST", "/devices", map[string]any{"name": personAgent}), 200)
	m.login(t, "wrong one", "")
	expect(t, m.ask(t, "POST", "/verification", nil), 204)
}
