package app_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	internal "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/password"
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	p := shared()
	w := newWorld(t, p)
	m := w.addMember(t)
	verdict := m.login(t, goodPassword, "")
	if verdict.Result != internal.Ok || verdict.UserID.String() != m.id || (*verdict.Roles)[0] != "member" || *verdict.SecondStep || *verdict.EmailVerified {
		t.Fatalf("%+v", verdict)
	}
	if v := w.login(t, strings.ToUpper(m.email), goodPassword, ""); v.Result != internal.Ok {
		t.Errorf("another case of the address: %+v", v)
	}
	change := func(current, next string) answer {
		return m.ask(t, "PUT", "/password", map[string]any{"current": current, "password": next})
	}
	for name, c := range map[string]struct {
		current, next string
		status        int
		says          string
	}{
		"a wrong one": {"wrong one", "another good one", 401, "not right"},
		"none":        {"", "another good one", 401, "not right"},
		"too short":   {goodPassword, "short", 422, "8 characters"},
		"breached":    {goodPassword, "Password123!", 422, "tried first"},
		"one's own":   {goodPassword, strings.Split(m.email, "@")[0] + "1!", 422, "your name"},
	} {
		if a := change(c.current, c.next); a.status != c.status || !strings.Contains(string(a.body), c.says) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if v := m.login(t, goodPassword, ""); v.Result != internal.Ok {
		t.Error("a refused change changed something")
	}
	expect(t, change(goodPassword, "another good one"), 204)
	if old, next := m.login(t, goodPassword, ""), m.login(t, "another good one", ""); old.Result != internal.Refused || next.Result != internal.Ok {
		t.Errorf("after the change: %+v, %+v", old, next)
	}
	if standing := decode[internal.Standing](t, m.ask(t, "GET", "/standing", nil)); standing.SessionsRevokedAt == nil || !standing.Active {
		t.Errorf("%+v", standing)
	}
	for _, secret := range []string{goodPassword, "another good one"} {
		if strings.Contains(p.log.String(), secret) {
			t.Error("a password stands in the log")
		}
	}
}

// refusals are attempts that are refused for every reason there is.
func refusals(t *testing.T, w *world) map[string]func() answer {
	t.Helper()
	known, disabled, without, locked := w.addMember(t), w.addMember(t), w.addMember(t), w.addMember(t)
	expect(t, w.p.asTenant(t, w.tn, request{method: "PATCH", target: "/v1/users/" + disabled.id, body: map[string]any{"status": "disabled"}}), 200)
	w.p.exec(t, `UPDATE credentials SET password_hash = '' WHERE tenant_id = $1 AND user_id = $2`, w.tn.id.String(), without.id)
	for range 10 {
		locked.login(t, "wrong", "")
	}
	try := func(email, password string) func() answer {
		return func() answer {
			return w.ask(t, "POST", "/logins/verify", map[string]any{"email": email, "password": password})
		}
	}
	return map[string]func() answer{
		"unknown": try("nobody@example.org", goodPassword), "no address at all": try("nobody", goodPassword), "wrong": try(known.email, "wrong"),
		"disabled": try(disabled.email, goodPassword), "none set": try(without.email, goodPassword), "locked": try(locked.email, goodPassword),
	}
}

func TestRefusedLoginsSayTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	for name, try := range refusals(t, w) {
		if a := try(); a.status != 200 || strings.TrimSpace(string(a.body)) != `{"result":"refused"}` {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	m := w.addMember(t)
	forgot := func(email string) answer {
		return w.ask(t, "POST", "/passwords/forgot", map[string]any{"email": email})
	}
	known, unknown := forgot(m.email), forgot("nobody@example.org")
	if known.status != 204 || unknown.status != 204 || len(known.body)+len(unknown.body) > 0 {
		t.Errorf("forgotten: %d %s, %d %s", known.status, known.body, unknown.status, unknown.body)
	}
	if jobs := w.p.texts(t, `SELECT kind FROM jobs WHERE tenant_id = $1 AND kind = 'password_email'`, w.tn.id.String()); len(jobs) != 2 {
		t.Errorf("%d jobs for two addresses", len(jobs))
	}
}

// The shortest of some tries of each kind, in turns: what else the machine does
// only makes some of them longer, and what really takes longer does so however
// often. A login without its password hash would take a tenth of the time. It runs
// before those that run in parallel: among them a hash, which wants a processor and
// 64 MiB for 25 ms, has been late in each of forty tries.
func TestRefusedLoginsTakeTheSameTime(t *testing.T) {
	w := newWorld(t, start(t, func(o *app.APIOptions) { o.PasswordCost = password.Recommended }))
	tries, shortest := refusals(t, w), map[string]time.Duration{}
	differ := func() (names []string) {
		for name, took := range shortest {
			if ratio := float64(took) / float64(shortest["wrong"]); ratio < 0.7 || ratio > 1.4 {
				names = append(names, name)
			}
		}
		return names
	}
	for round := range 100 {
		for name, try := range tries {
			begun := time.Now()
			expect(t, try(), 200)
			if took := time.Since(begun); shortest[name] == 0 || took < shortest[name] {
				shortest[name] = took
			}
		}
		if round >= 3 && len(differ()) == 0 {
			return
		}
	}
	t.Errorf("%v take another time than a wrong password: %v", differ(), shortest)
}

// A crowd of guesses is as many guesses as it is; then the right one is refused,
// too, until the time is over.
func TestLockOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	m, other := w.addMember(t), w.addMember(t)
	for range 9 {
		m.login(t, "wrong", "")
	}
	if v := m.login(t, goodPassword, ""); v.Result != internal.Ok {
		t.Error("the tenth was right and is refused")
	}
	var crowd sync.WaitGroup
	for range 10 {
		crowd.Go(func() { m.login(t, "wrong", "") })
	}
	crowd.Wait()
	for range 3 { // it does not last longer for that
		if v := m.login(t, goodPassword, ""); v.Result != internal.Refused {
			t.Error("a locked account is open")
		}
	}
	if v := other.login(t, goodPassword, ""); v.Result != internal.Ok {
		t.Error("another account is locked, too")
	}
	if n := w.audited(t, "sign_in.locked"); n != "1" {
		t.Errorf("the log has %s lock-outs", n)
	}
	if a := m.ask(t, "PUT", "/password", map[string]any{"current": goodPassword, "password": "another good one"}); a.status != 401 {
		t.Errorf("a locked account's password was changed: %d", a.status)
	}
	w.p.exec(t, `UPDATE sign_in_attempts SET last_at = now() - interval '15 minutes' WHERE tenant_id = $1`, w.tn.id.String())
	if v := m.login(t, goodPassword, ""); v.Result != internal.Ok {
		t.Error("still locked after the time")
	}
	w.p.exec(t, `INSERT INTO sign_in_attempts (tenant_id, account, failures, last_at) VALUES ($1, $1, 3, now() - interval '25 hours')`, w.tn.id.String())
	m.login(t, "wrong", "")
	if left := w.p.texts(t, `SELECT account::text FROM sign_in_attempts WHERE tenant_id = $1`, w.tn.id.String()); len(left) != 1 || left[0] != m.id {
		t.Errorf("attempts of a day ago are remembered: %v", left)
	}
}

func TestSecondStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	m := w.addMember(t)
	begun := decode[internal.TotpEnrolment](t, m.ask(t, "POST", "/totp", nil))
	if !strings.HasPrefix(begun.URI, "otpauth://totp/Acme:"+m.email+"?") || !strings.Contains(begun.URI, "secret="+begun.Secret) {
		t.Errorf("%s", begun.URI)
	}
	if a := m.ask(t, "PUT", "/totp", map[string]any{"code": authenticatorCode(t, begun.Secret, time.Now().Unix()/30+7)}); a.status != 401 {
		t.Errorf("a code of another time: %d %s", a.status, a.body)
	}
	if v := m.login(t, goodPassword, ""); v.Result != internal.Ok || *v.SecondStep {
		t.Errorf("a set-up that was not completed counts: %+v", v)
	}
	phone := m.enrol(t)
	recovery := phone.recovery
	if a := m.ask(t, "PUT", "/totp", map[string]any{"code": phone.code(1)}); a.status != 409 {
		t.Errorf("completed twice: %d", a.status)
	}
	if v := m.login(t, goodPassword, ""); v.Result != internal.Ok || !*v.SecondStep || len(*v.Methods) != 2 || len(recovery) != 10 {
		t.Fatalf("%+v, %d recovery codes", v, len(recovery))
	}
	for i, c := range []struct {
		what, kind, code string
		status           int
	}{
		{"the code of the set-up again", "totp", phone.code(0), 401},
		{"a right code", "totp", phone.code(1), 204},
		{"the same again", "totp", phone.code(1), 401},
		{"an older one", "totp", phone.code(0), 401},
		{"a recovery code, as it is typed", "recovery", strings.ToUpper(strings.ReplaceAll(recovery[3], "-", " ")), 204},
		{"the same again", "recovery", recovery[3], 401},
		{"no code", "recovery", "abcd-efgh", 401},
	} {
		if status := m.step(t, c.kind, c.code); status != c.status {
			t.Errorf("%d, %s: %d, want %d", i, c.what, status, c.status)
		}
	}
	if s := m.security(t); !s.Totp || s.RecoveryCodes != 9 || !s.Password {
		t.Errorf("%+v", s)
	}
	again := decode[internal.RecoveryCodes](t, m.ask(t, "POST", "/recovery-codes", nil))
	if old, next := m.step(t, "recovery", recovery[4]), m.step(t, "recovery", again.RecoveryCodes[0]); old != 401 || next != 204 {
		t.Errorf("after new codes: %d, %d", old, next)
	}
	expect(t, m.ask(t, "DELETE", "/totp", nil), 204)
	if v, s := m.login(t, goodPassword, ""), m.security(t); *v.SecondStep || s.RecoveryCodes != 0 {
		t.Errorf("after its end: %+v, %+v", v, s)
	}
	if a := m.ask(t, "POST", "/recovery-codes", nil); a.status != 409 {
		t.Errorf("codes for nothing: %d", a.status)
	}
	if status := m.step(t, "totp", phone.code(2)); status != 401 {
		t.Errorf("a code of what is removed: %d", status)
	}
}

// Whoever knows the password has no more guesses at the code for it.
func TestGuessesAtTheSecondStepAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	m := w.addMember(t)
	phone := m.enrol(t)
	for range 5 {
		m.login(t, goodPassword, "")
		if status := m.step(t, "totp", "no code"); status != 401 {
			t.Errorf("no code: %d", status)
		}
	}
	if totp, code := m.step(t, "totp", phone.code(1)), m.step(t, "recovery", phone.recovery[0]); totp != 401 || code != 401 {
		t.Errorf("after ten guesses: %d, %d", totp, code)
	}
}

func TestRememberedDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	m, other := w.addMember(t), w.addMember(t)
	m.enrol(t)
	other.enrol(t)
	remember := func(m member) string {
		return expect(t, m.ask(t, "POST", "/devices", map[string]any{"name": "Firefox\n on Linux"}), 200).text("secret")
	}
	secret, second := remember(m), remember(m)
	if v := m.login(t, goodPassword, secret); v.Result != internal.Ok || *v.SecondStep {
		t.Errorf("%+v", v)
	}
	if v := m.login(t, "wrong", secret); v.Result != internal.Refused {
		t.Error("a device stands for the password")
	}
	if v := other.login(t, goodPassword, secret); !*v.SecondStep {
		t.Error("somebody else's device")
	}
	s := m.security(t)
	if len(s.Devices) != 2 || s.Devices[0].LastUsedAt == nil || s.Devices[0].Name != "Firefox  on Linux" {
		t.Fatalf("%+v", s.Devices)
	}
	if a := other.ask(t, "DELETE", "/devices/"+s.Devices[0].ID.String(), nil); a.status != 404 {
		t.Errorf("somebody else forgets it: %d", a.status)
	}
	expect(t, m.ask(t, "DELETE", "/devices/"+s.Devices[0].ID.String(), nil), 204)
	if v := m.login(t, goodPassword, secret); !*v.SecondStep {
		t.Error("a device that was forgotten")
	}
	w.p.exec(t, `UPDATE devices SET expires_at = now() - interval '1 minute' WHERE tenant_id = $1`, w.tn.id.String())
	if v := m.login(t, goodPassword, second); !*v.SecondStep {
		t.Error("a device of which the time is over")
	}
	third := remember(m)
	expect(t, m.ask(t, "POST", "/revocation", nil), 204)
	if v := m.login(t, goodPassword, third); !*v.SecondStep {
		t.Error("a device from before the user ended everything")
	}
}

// Each change of how somebody signs in is in the log once, under the user's id.
func TestChangesAreAudited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	m := w.addMember(t)
	device := func() string {
		m.ask(t, "POST", "/devices", map[string]any{"name": "x"})
		return m.security(t).Devices[0].ID.String()
	}
	var phone enrolled
	key := newAuthenticator(t)
	for _, c := range []struct {
		action string
		do     func()
	}{
		{"totp.added", func() { phone = m.enrol(t) }},
		{"user.signed_in", func() { m.step(t, "totp", phone.code(1)) }},
		{"user.signed_in", func() { m.step(t, "recovery", phone.recovery[0]) }},
		{"recovery_codes.made", func() { m.ask(t, "POST", "/recovery-codes", nil) }},
		{"totp.removed", func() { m.ask(t, "DELETE", "/totp", nil) }},
		{"passkey.added", func() { key.add(t, m, "key") }},
		{"user.signed_in", func() { key.login(t, m) }},
		{"passkey.removed", func() { m.ask(t, "DELETE", "/passkeys/"+m.security(t).Passkeys[0].ID, nil) }},
		{"user.signed_in", func() { m.login(t, goodPassword, "") }},
		{"device.remembered", func() { device() }},
		{"device.forgotten", func() { m.ask(t, "DELETE", "/devices/"+device(), nil) }},
		{"email.verification_asked_for", func() { m.ask(t, "POST", "/verification", nil) }},
		{"sessions.revoked", func() { m.ask(t, "POST", "/revocation", nil) }},
		{"password.changed", func() {
			m.ask(t, "PUT", "/password", map[string]any{"current": goodPassword, "password": "another good one"})
		}},
	} {
		const count = `SELECT count(*)::text FROM audit_logs WHERE tenant_id = $1 AND action = $2 AND subject_id = $3 AND actor_id = $3 AND actor_kind = 'user'`
		before := w.p.texts(t, count, w.tn.id.String(), c.action, m.id)[0]
		c.do()
		if after := w.p.texts(t, count, w.tn.id.String(), c.action, m.id)[0]; len(after) != len(before) || after[0] != before[0]+1 {
			t.Errorf("%s: %s rows before, %s after", c.action, before, after)
		}
	}
	if named := w.p.texts(t, `SELECT action FROM audit_logs WHERE tenant_id = $1 AND strpos(details::text, $2) > 0`, w.tn.id.String(), m.email); len(named) > 0 {
		t.Errorf("the log names the person: %v", named)
	}
}

// Who may not sign in may do nothing with what it has.
func TestDisabledUsersChangeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	m := w.addMember(t)
	phone := m.enrol(t)
	expect(t, w.p.asTenant(t, w.tn, request{method: "PATCH", target: "/v1/users/" + m.id, body: map[string]any{"status": "disabled"}}), 200)
	before := w.p.texts(t, `SELECT md5(string_agg(c::text, '')) FROM credentials c WHERE tenant_id = $1`, w.tn.id.String())[0]
	for what, status := range map[string]int{
		"password": m.ask(t, "PUT", "/password", map[string]any{"current": goodPassword, "password": "another good one"}).status,
		"totp":     m.step(t, "totp", phone.code(1)), "recovery": m.step(t, "recovery", phone.recovery[0]),
		"device": m.ask(t, "POST", "/devices", map[string]any{"name": "x"}).status, "enrolment": m.ask(t, "POST", "/totp", nil).status,
	} {
		if status != http.StatusUnauthorized {
			t.Errorf("%s: %d", what, status)
		}
	}
	if after := w.p.texts(t, `SELECT md5(string_agg(c::text, '')) FROM credentials c WHERE tenant_id = $1`, w.tn.id.String())[0]; after != before {
		t.Error("something changed")
	}
	if standing := decode[internal.Standing](t, m.ask(t, "GET", "/standing", nil)); standing.Active {
		t.Errorf("%+v", standing)
	}
	expect(t, w.ask(t, "GET", "/users/"+uuid.NewString()+"/standing", nil), 404)
}

// The fence lets nobody sign in where the tenant may not be written to.
func TestTheFenceGuardsLogins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	m := w.addMember(t)
	attempt := map[string]any{"email": m.email, "password": goodPassword}
	if a := w.ask(t, "POST", "/logins/verify?epoch=2", attempt); a.status != 503 {
		t.Errorf("a cell that is behind: %d %s", a.status, a.body)
	}
	w.p.fence(t, w.tn, `UPDATE tenant_gate SET open = false, closed_at = now() WHERE tenant_id = $1`)
	w.p.fence(t, w.tn, `UPDATE tenants SET state = 'frozen', freeze_no = 1, frozen_until = now() + interval '1 hour' WHERE tenant_id = $1`)
	if a := w.ask(t, "POST", "/logins/verify", attempt); a.status != 503 {
		t.Errorf("frozen: %d %s", a.status, a.body)
	}
	expect(t, m.ask(t, "GET", "/standing", nil), 200)
	other := newWorld(t, w.p)
	if v := other.login(t, m.email, goodPassword, ""); v.Result != internal.Refused {
		t.Error("signed in to another tenant")
	}
	if a := other.ask(t, "GET", "/users/"+m.id+"/standing", nil); a.status != 404 {
		t.Errorf("another tenant's user: %d", a.status)
	}
}

// All that somebody signs in with works in the target cell, and what was used up
// or ended stays so.
func TestCredentialsGoOnInTheTarget(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	w := newWorld(t, source)
	m, locked, key := w.addMember(t), w.addMember(t), newAuthenticator(t)
	phone := m.enrol(t)
	key.add(t, m, "key")
	device := expect(t, m.ask(t, "POST", "/devices", map[string]any{"name": "x"}), 200).text("secret")
	if status := m.step(t, "recovery", phone.recovery[0]); status != 204 {
		t.Fatalf("at the source: %d", status)
	}
	for range 10 {
		locked.login(t, "wrong", "")
	}
	session := w.beginSession(t, m.id).text("session_id")
	expect(t, m.ask(t, "DELETE", "/sessions/"+session, nil), 204)
	newMove(t, source, target, w.tn, 1).carry()
	there := &world{p: target, tn: w.tn, t: t}
	m.w, locked.w = there, there
	if v := m.login(t, goodPassword, ""); v.Result != internal.Ok || !*v.SecondStep || len(*v.Methods) != 3 {
		t.Errorf("%+v", v)
	}
	if v := m.login(t, goodPassword, device); v.Result != internal.Ok || *v.SecondStep {
		t.Errorf("with its device: %+v", v)
	}
	for what, c := range map[string][2]int{
		"a code that was used": {m.step(t, "totp", phone.code(0)), 401}, "a recovery code that was used": {m.step(t, "recovery", phone.recovery[0]), 401},
		"another recovery code": {m.step(t, "recovery", phone.recovery[1]), 204}, "the next code": {m.step(t, "totp", phone.code(1)), 204},
		"a passkey": {key.login(t, m), 204},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %d, want %d", what, c[0], c[1])
		}
	}
	if v := locked.login(t, goodPassword, ""); v.Result != internal.Refused {
		t.Error("the move ended a lock-out")
	}
	if standing := decode[internal.Standing](t, m.ask(t, "GET", "/standing?session="+session, nil)); standing.Session == nil || *standing.Session != internal.Revoked {
		t.Errorf("of a session that was ended before the move: %+v", standing)
	}
	if a := w.ask(t, "POST", "/logins/verify", map[string]any{"email": m.email, "password": goodPassword}); a.status != 421 {
		t.Errorf("the source still signs in: %d", a.status)
	}
}
