package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/servers"
)

// controlDatabase makes the control plane's role and database, applies its
// schema and makes sure that the API keys are in it.
func (p *Platform) controlDatabase(ctx context.Context) error {
	l := p.layout()
	if err := ensureDatabase(ctx, l.controlPostgres(), controlDatabase, controlRole, l.secrets.ControlPlanePassword, ""); err != nil {
		return fmt.Errorf("database of the control plane: %w", err)
	}
	env := l.controlPlaneEnv()
	if err := p.runProgram(ctx, env, "", "controlplane", "schema", "up"); err != nil {
		return err
	}
	for _, key := range apiKeys() {
		args := []string{"key", "ensure", "--name", key.name, "--role", key.role}
		if key.cell != "" {
			args = append(args, "--cell", key.cell)
		}
		if err := p.runProgram(ctx, env, l.secrets.Keys[key.name]+"\n", "controlplane", args...); err != nil {
			return err
		}
	}
	return nil
}

// ownerAttributes let a cell's schema set every attribute of the roles that it
// makes; Postgres 15 asks for a superuser even to take one away.
const ownerAttributes = "SUPERUSER"

// cellDatabase makes a cell's owner role and database and applies its schema,
// which makes the other roles. Citus needs the superuser first.
func (p *Platform) cellDatabase(ctx context.Context, cell string) error {
	l := p.layout()
	server, secrets := l.cellPostgres(cell), l.secrets.Cells[cell]
	if err := ensureDatabase(ctx, server, cellDatabase, ownerRole, secrets.OwnerPassword, ownerAttributes); err != nil {
		return fmt.Errorf("database of %s: %w", cell, err)
	}
	if cluster := l.cellCluster(cell); len(cluster.Workers) > 0 {
		logins := map[string]string{
			ownerRole: secrets.OwnerPassword, appRole: secrets.AppPassword, relayRole: secrets.RelayPassword, moverRole: secrets.MoverPassword,
		}
		if err := cluster.Enable(ctx, cellDatabase, logins); err != nil {
			return fmt.Errorf("citus of %s: %w", cell, err)
		}
	}
	env := []string{
		"CELL_OWNER_DATABASE_URL=" + server.DSN(ownerRole, secrets.OwnerPassword, cellDatabase),
		"CELL_APP_PASSWORD=" + secrets.AppPassword,
		"CELL_RELAY_PASSWORD=" + secrets.RelayPassword,
		"CELL_MOVER_PASSWORD=" + secrets.MoverPassword,
	}
	return p.runProgram(ctx, env, "", "cell", "schema", "up")
}

// ensureDatabase makes a role, with the password that the platform knows, and
// a database that it owns.
func ensureDatabase(ctx context.Context, server servers.Postgres, database, role, password, attributes string) error {
	return onDatabase(ctx, server.SuperDSN("postgres"), func(conn *pgx.Conn) error {
		verb := "CREATE"
		if there, err := exists(ctx, conn, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role); err != nil {
			return err
		} else if there {
			verb = "ALTER"
		}
		statement := fmt.Sprintf("%s ROLE %s LOGIN %s PASSWORD '%s'", verb, role, attributes, password)
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
		there, err := exists(ctx, conn, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database)
		if err != nil || there {
			return err
		}
		_, err = conn.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s OWNER %s", database, role))
		return err
	})
}

func exists(ctx context.Context, conn *pgx.Conn, query, name string) (there bool, err error) {
	err = conn.QueryRow(ctx, query, name).Scan(&there)
	return there, err
}

func onDatabase(ctx context.Context, dsn string, use func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(use(conn), conn.Close(context.WithoutCancel(ctx)))
}
