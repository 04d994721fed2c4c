package postgres_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/postgres"
)

func TestLogins(t *testing.T) {
	t.Parallel()
	store, ctx := postgres.LoginStore{DB: open(t)}, t.Context()
	now := time.Now().UTC().Truncate(time.Millisecond)
	login := func(id, subject string, ends time.Duration) controlplane.LoginSession {
		t.Helper()
		l := controlplane.LoginSession{ID: id, Subject: subject, Session: uuid.New(), EndsAt: now.Add(ends)}
		if err := store.NoteLogin(ctx, l); err != nil {
			t.Fatal(err)
		}
		return l
	}
	of := func(subject string) []controlplane.LoginSession {
		t.Helper()
		logins, err := store.LoginsOf(ctx, subject, now)
		if err != nil {
			t.Fatal(err)
		}
		return logins
	}
	login("over", "ann", -time.Minute)
	login("laptop", "ann", time.Hour)
	phone, bob := login("phone", "ann", 2*time.Hour), login("other", "bob", time.Hour)
	again := login("laptop", "ann", 3*time.Hour) // the same browser, a new session in the cell
	if got := of("ann"); len(got) != 2 || !same(got[0], phone) || !same(got[1], again) {
		t.Errorf("ann's: %+v", got)
	}
	if got := of("bob"); len(got) != 1 || !same(got[0], bob) {
		t.Errorf("bob's: %+v", got)
	}
	if past, err := store.LoginsOf(ctx, "ann", now.Add(-time.Hour)); len(past) != 2 || err != nil {
		t.Errorf("one that is over is still there: %+v, %v", past, err)
	}
}

func same(a, b controlplane.LoginSession) bool {
	return a.ID == b.ID && a.Subject == b.Subject && a.Session == b.Session && a.EndsAt.Equal(b.EndsAt)
}
