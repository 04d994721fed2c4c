package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// archiveEvery bounds how much of the log is not in the archive while the server
// has little to write: what is lost with it.
const archiveEvery = 5 * time.Second

// archiveSettings have the server copy each full piece of its log, under another
// name until it is whole. A piece that is there already was copied before a crash.
func (s Postgres) archiveSettings() map[string]string {
	return map[string]string{
		"archive_mode":    "on",
		"archive_timeout": strconv.Itoa(int(archiveEvery.Seconds())),
		"archive_command": fmt.Sprintf(`test -f "%[1]s/%%f" || { cp "%%p" "%[1]s/%%f.part" && mv "%[1]s/%%f.part" "%[1]s/%%f"; }`, s.Archive),
	}
}

// BaseBackup copies the running server's data into a directory that is not there yet.
func (s Postgres) BaseBackup(ctx context.Context, into string) error {
	if exists(into) {
		return fmt.Errorf("backup of %s: %s is there already", s.name(), into)
	}
	if err := makeDir(into); err != nil {
		return err
	}
	if err := handOver(ctx, into); err != nil {
		return err
	}
	err := s.runOnceWith(ctx, []string{"PGPASSWORD=" + s.Password}, "pg_basebackup",
		"--pgdata="+into, "--host=127.0.0.1", "--port="+strconv.Itoa(s.Port), "--username="+SuperUser,
		"--checkpoint=fast", "--wal-method=stream", "--no-password")
	if err != nil {
		return fmt.Errorf("backup of %s: %w", s.name(), err)
	}
	return nil
}

// Restore makes the data directory anew from a backup and the archive, as of a
// time; the zero time is the end of the archive. The server must not run, and
// nothing may be where its data go. When it has started, it has recovered, and
// writes a timeline of its own.
func (s Postgres) Restore(ctx context.Context, backup string, asOf time.Time) error {
	if s.Archive == "" {
		return errors.New("restore: the server has no archive")
	}
	if exists(s.data()) {
		return fmt.Errorf("restore %s: %s is there already; move it away", s.name(), s.data())
	}
	if err := makeDir(s.Dir); err != nil {
		return err
	}
	if err := os.CopyFS(s.data(), os.DirFS(backup)); err != nil {
		return fmt.Errorf("restore %s: %w", s.name(), err)
	}
	if err := os.Chmod(s.data(), 0o700); err != nil { //nolint:gosec // a directory
		return err
	}
	settings := map[string]string{
		"restore_command":        fmt.Sprintf(`cp "%s/%%f" "%%p"`, s.Archive),
		"recovery_target_action": "promote",
		"hot_standby":            "off", // who connects gets the recovered database, or none
	}
	if !asOf.IsZero() {
		settings["recovery_target_time"] = asOf.UTC().Format("2006-01-02 15:04:05.999999-07:00")
	}
	// Of this file the server reads what outweighs its configuration, which is
	// written anew at every start.
	if err := writePrivate(filepath.Join(s.data(), "postgresql.auto.conf"), renderSettings(settings)); err != nil {
		return err
	}
	if err := writePrivate(filepath.Join(s.data(), "recovery.signal"), ""); err != nil {
		return err
	}
	return handOver(ctx, s.Dir)
}

// Verify compares the checksums of every page of a server that does not run. The
// error says which are wrong.
func (s Postgres) Verify(ctx context.Context) error {
	return s.runOnce(ctx, "pg_checksums", "--check", "--pgdata="+s.data())
}

// Data is the directory of the server's data, for those who move it away.
func (s Postgres) Data() string { return s.data() }
