package app_test

import (
	"encoding/hex"
	"net/url"
	"testing"
	"time"

	internal "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/shared/cellapi"
)

// setOf is the world's entry among the sets that changed since.
func (w *world) setOf(t *testing.T, since time.Time) (set internal.UserSet, listed bool) {
	t.Helper()
	list := decode[internal.UserSets](t, w.p.asControlPlane(t, get("/internal/v1/user-sets?since="+url.QueryEscape(since.Format(time.RFC3339Nano)))))
	for _, set := range list.Items {
		if set.TenantID == w.tn.id {
			return set, true
		}
	}
	return set, false
}

// Whoever keeps a copy of who may sign in sees that it is behind after every
// change of it, and after no other.
func TestChangesOfUsersShow(t *testing.T) {
	t.Parallel()
	p := shared()
	w := newWorld(t, p)
	if first, listed := w.setOf(t, time.Now().Add(-time.Minute)); !listed || first.Version != 0 || first.Epoch != 1 {
		t.Errorf("a tenant that has arrived: %+v, %t", first, listed)
	}
	if _, listed := w.setOf(t, time.Now().Add(time.Minute)); listed {
		t.Error("listed without a change")
	}
	var m member
	patch := func(body map[string]any) func() {
		return func() {
			expect(t, p.asTenant(t, w.tn, request{method: "PATCH", target: "/v1/users/" + m.id, body: body}), 200)
		}
	}
	for i, c := range []struct {
		what    string
		do      func()
		changes int64
	}{
		{"a new user", func() { m = w.addMember(t) }, 1},
		{"another name", patch(map[string]any{"name": "Rob"}), 0},
		{"a login", func() { m.login(t, goodPassword, "") }, 0},
		{"disabled", patch(map[string]any{"status": "disabled"}), 1},
		{"active again", patch(map[string]any{"status": "active"}), 1},
		{"erased", func() {
			expect(t, p.asTenant(t, w.tn, request{method: "POST", target: "/v1/users/" + m.id + "/erasure"}), 204)
		}, 1},
		{"accepted", func() {
			token := w.mailedToken(t, w.make(t, "invitation_id", nil))
			expect(t, p.asTenant(t, w.tn, accept(token, "Eve")), 201)
		}, 1},
		{"deleted", func() {
			user := w.addMember(t)
			expect(t, p.asTenant(t, w.tn, request{method: "DELETE", target: "/v1/users/" + user.id}), 204)
		}, 2},
	} {
		before, _ := w.setOf(t, time.Now().Add(-time.Hour))
		c.do()
		if after, _ := w.setOf(t, time.Now().Add(-time.Hour)); after.Version != before.Version+c.changes {
			t.Errorf("%d, %s: %d after %d", i, c.what, after.Version, before.Version)
		}
	}
}

func TestAddressesLeaveAsHashes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared())
	m, disabled := w.addMember(t), w.addMember(t)
	expect(t, w.p.asTenant(t, w.tn, request{method: "PATCH", target: "/v1/users/" + disabled.id, body: map[string]any{"status": "disabled"}}), 200)
	key := cellapi.EmailKey([]byte("master"))
	page := func(after any) internal.Addresses {
		body := map[string]any{"key": hex.EncodeToString(key), "limit": 1}
		if after != nil {
			body["after"] = after
		}
		return decode[internal.Addresses](t, w.ask(t, "POST", "/addresses", body))
	}
	first := page(nil)
	second := page(first.Items[0].UserID)
	for user, want := range map[internal.AddressHash]string{first.Items[0]: "ada@example.org", second.Items[0]: m.email} {
		if hash := cellapi.EmailHash(key, want); user.Hash != hex.EncodeToString(hash[:]) {
			t.Errorf("%s is not the hash of %s", user.Hash, want)
		}
	}
	if third := page(second.Items[0].UserID); len(third.Items) != 0 || third.Version != 3 {
		t.Errorf("%+v", third)
	}
	stranger := &world{p: w.p, tn: newTenant(), t: t}
	expect(t, stranger.ask(t, "POST", "/addresses", map[string]any{"key": hex.EncodeToString(key)}), 404)
}
