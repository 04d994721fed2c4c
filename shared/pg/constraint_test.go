package pg_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coditect/platform/shared/pg"
)

func TestConstraint(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"":           errors.New("other"),
		"users_mail": fmt.Errorf("x: %w", &pgconn.PgError{Code: "23505", ConstraintName: "users_mail"}),
		"workspaces_name": &pgconn.PgError{ // as Citus 13 passes it on
			Code: "23505", Message: `duplicate key value violates unique constraint "workspaces_name_102030"`,
		},
		"projects_workspace": &pgconn.PgError{
			Code: "23503", Message: `update or delete on table "workspaces_102029" violates foreign key constraint "projects_workspace_102033" on table "projects_102033"`,
		},
	} {
		if got := pg.Constraint(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
	if got := pg.Constraint(&pgconn.PgError{Code: "57014", Message: `constraint "x"`}); got != "" {
		t.Errorf("no violation: %q", got)
	}
}
