package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/controlplane/app"
	"github.com/coditect/platform/shared/testkit"
)

// The program's own index follows its cells, and a command makes it anew.
func TestTheIndexOfEmailsFollowsAndIsRebuilt(t *testing.T) {
	t.Parallel()
	p, from, _, tenant := movers(t)
	conn, err := pgx.Connect(t.Context(), p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	known := func() (n int) {
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM email_users`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	from.SetUser(tenant.TenantID, uuid.New(), "ada@example.org")
	begun := time.Now()
	testkit.EventuallyOK(t, "the user in the index", func() error {
		if n := known(); n != 1 {
			return fmt.Errorf("%d users", n)
		}
		return nil
	})
	t.Logf("behind by %s", time.Since(begun))
	if _, err := conn.Exec(t.Context(), `DELETE FROM email_users`); err != nil {
		t.Fatal(err)
	}
	if err := app.RebuildEmails(t.Context(), p.dsn, master); err != nil || known() != 1 {
		t.Errorf("%d users, %v", known(), err)
	}
}
