package citus

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The cell's database roles; see schema/00004_rights.sql for what they may do.
const (
	AppRole   = "cell_app"
	RelayRole = "cell_relay"
	MoverRole = "cell_mover"
)

// Passwords are those of the three roles. They reach the server as SCRAM
// verifiers only, so no log of statements can show them.
type Passwords struct{ App, Relay, Mover string }

// Logins are the passwords by role.
func (p Passwords) Logins() map[string]string {
	return map[string]string{AppRole: p.App, RelayRole: p.Relay, MoverRole: p.Mover}
}

// roleSettings bound what one request of a tenant may cost, and let the mover
// store rows without firing triggers, those of foreign keys included: the source
// has let them pass. A tenant's rows, and jobs by state, are reached by index: a plan that
// is kept (see prepared) must not be a scan because the table was small when it
// was made. No statement here is worth compiling, which Postgres would do for those that
// scan all the same, since it takes them for endlessly expensive. What the relay
// writes need not survive a crash: it finds lost jobs, and hands out again.
var roleSettings = []string{
	`ALTER ROLE cell_app SET statement_timeout = '10s'`,
	`ALTER ROLE cell_app SET idle_in_transaction_session_timeout = '10s'`,
	`ALTER ROLE cell_app SET enable_seqscan = off`,
	`ALTER ROLE cell_app SET jit = off`,
	`ALTER ROLE cell_relay SET enable_seqscan = off`,
	`ALTER ROLE cell_relay SET jit = off`,
	`ALTER ROLE cell_relay SET synchronous_commit = off`,
	`ALTER ROLE cell_mover SET jit = off`,
	replicaRight,
}

const replicaRight = `GRANT SET ON PARAMETER session_replication_role TO cell_mover`

func ensureRoles(ctx context.Context, conn *pgx.Conn, p Passwords) error {
	for name, password := range p.Logins() {
		if err := ensureRole(ctx, conn, name, password); err != nil {
			return fmt.Errorf("role %s: %w", name, err)
		}
	}
	for _, setting := range roleSettings {
		if err := alterRole(ctx, conn, setting); err != nil {
			return err
		}
	}
	return nil
}

func ensureRole(ctx context.Context, conn *pgx.Conn, name, password string) error {
	secret, err := scramVerifier(password)
	if err != nil {
		return err
	}
	attributes := ` LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT NOREPLICATION NOBYPASSRLS`
	if name == MoverRole {
		// COPY is refused to whom row-level security applies, and slots are made by replication only.
		attributes = ` LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT REPLICATION BYPASSRLS`
	}
	_, err = conn.Exec(ctx, `CREATE ROLE `+name+attributes)
	// Both codes mean that it exists: the second if another session made it just now.
	if err != nil && !hasCode(err, "42710", "23505") {
		return err
	}
	// A verifier is base64 and punctuation: nothing in it needs quoting.
	return alterRole(ctx, conn, `ALTER ROLE `+name+attributes+` PASSWORD '`+secret+`'`)
}

// alterRole repeats what collides with the same change by another session,
// which Postgres reports as an internal error.
func alterRole(ctx context.Context, conn *pgx.Conn, statement string) error {
	const attempts = 10
	var err error
	for range attempts {
		if _, err = conn.Exec(ctx, statement); err == nil || !hasCode(err, "XX000") {
			break
		}
	}
	return err
}

func hasCode(err error, codes ...string) bool {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return false
	}
	for _, code := range codes {
		if server.Code == code {
			return true
		}
	}
	return false
}
