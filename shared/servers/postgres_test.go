package servers_test

import (
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/servers"
)

func startPostgres(t *testing.T, dir string) servers.Postgres {
	t.Helper()
	server := servers.Postgres{
		Dir: dir, Port: freePorts(t, 1)[0], Password: "it's secret", Volatile: true,
		Settings: map[string]string{"shared_buffers": "16MB"},
	}
	start(t, server)
	return server
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func TestPostgresServes(t *testing.T) {
	t.Parallel()
	server := startPostgres(t, filepath.Join(t.TempDir(), "pg"))
	conn := connect(t, server.SuperDSN("postgres"))
	want := map[string]string{"wal_level": "logical", "shared_buffers": "16MB", "fsync": "off"}
	for setting, value := range want {
		var got string
		if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != value {
			t.Errorf("%s = %q, want %q", setting, got, value)
		}
	}
	if _, err := pgx.Connect(t.Context(), server.DSN(servers.SuperUser, "wrong", "postgres")); err == nil {
		t.Error("a wrong password was let in")
	}
}

func TestPostgresKeepsItsData(t *testing.T) {
	t.Parallel()
	server := servers.Postgres{Dir: t.TempDir(), Port: freePorts(t, 1)[0], Password: "secret"}
	for _, statement := range []string{"CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (1)"} {
		if err := server.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		process, err := servers.Run(t.Context(), server.Spec(), servers.Attached)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := connect(t, server.SuperDSN("postgres")).Exec(t.Context(), statement); err != nil {
			t.Error(err)
		}
		if err := process.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPgBouncerPools(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := startPostgres(t, filepath.Join(dir, "pg"))
	direct := connect(t, server.SuperDSN("postgres"))
	for _, statement := range []string{`CREATE ROLE app LOGIN PASSWORD 'pass"word'`, "CREATE DATABASE behind"} {
		if _, err := direct.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	pooler := servers.PgBouncer{
		Dir: filepath.Join(dir, "pooler"), Port: freePorts(t, 1)[0], ConsolePassword: "console secret",
		Databases: map[string]servers.PooledDatabase{"cell": {Port: server.Port, Name: "behind"}},
		Users:     map[string]string{"app": `pass"word`},
	}
	start(t, pooler)
	var user, database string
	conn := connect(t, pooler.DSN("app", `pass"word`, "cell"))
	if err := conn.QueryRow(t.Context(), "SELECT current_user, current_database()").Scan(&user, &database); err != nil {
		t.Fatal(err)
	}
	if user != "app" || database != "behind" {
		t.Errorf("connected as %q to %q", user, database)
	}
}
