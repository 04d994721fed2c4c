package servers_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/servers"
)

// A server is taken back to a point in time: what was written before is there,
// what was written behind it is not, and its timeline is another one.
func TestPostgresIsRestoredToAPointInTime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := servers.Postgres{
		Dir: filepath.Join(dir, "pg"), Port: freePorts(t, 1)[0], Password: "secret", Archive: filepath.Join(dir, "archive"), Checksums: true,
		Settings: map[string]string{"shared_buffers": "16MB"},
	}
	backup := filepath.Join(dir, "backup")
	var point time.Time
	withServer(t, server, func(conn *pgx.Conn) {
		execSQL(t, conn, `CREATE TABLE kept (n int)`)
		if err := server.BaseBackup(t.Context(), backup); err != nil {
			t.Fatal(err)
		}
		execSQL(t, conn, `INSERT INTO kept VALUES (1)`)
		if err := conn.QueryRow(t.Context(), `SELECT clock_timestamp()`).Scan(&point); err != nil {
			t.Fatal(err)
		}
		execSQL(t, conn, `INSERT INTO kept VALUES (2)`)
	}) // an orderly end archives the rest of the log
	if err := server.Verify(t.Context()); err != nil {
		t.Errorf("checksums: %v", err)
	}
	if err := server.Restore(t.Context(), backup, point); err == nil {
		t.Error("data that are there were restored over")
	}
	if err := os.Rename(server.Data(), server.Data()+".old"); err != nil {
		t.Fatal(err)
	}
	if err := server.Restore(t.Context(), backup, point); err != nil {
		t.Fatal(err)
	}
	withServer(t, server, func(conn *pgx.Conn) {
		var rows, sum int
		var file string
		err := errors.Join(
			conn.QueryRow(t.Context(), `SELECT count(*), sum(n) FROM kept`).Scan(&rows, &sum),
			conn.QueryRow(t.Context(), `SELECT pg_walfile_name(pg_current_wal_insert_lsn())`).Scan(&file),
		)
		if err != nil || rows != 1 || sum != 1 || !strings.HasPrefix(file, "00000002") {
			t.Errorf("%v: %d rows, sum %d, log %s", err, rows, sum, file)
		}
	})
}

// withServer runs a server for as long as use does.
func withServer(t *testing.T, server servers.Postgres, use func(*pgx.Conn)) {
	t.Helper()
	if err := server.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	process, err := servers.Start(server.Spec(), servers.Attached)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), server.SuperDSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	use(conn)
	_ = conn.Close(t.Context())
	if err := process.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func execSQL(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}
