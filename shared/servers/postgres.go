package servers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"syscall"
	"time"
)

// Postgres is a Postgres 15 server.
type Postgres struct {
	// Dir holds the data, the configuration and the log.
	Dir string `json:"dir"`
	// Port is the loopback port. There is no Unix socket.
	Port int `json:"port"`
	// Password is that of the superuser, whose name is SuperUser. It takes
	// effect when the data directory is made.
	Password string `json:"password"`
	// Name is what messages call the server; "postgres" if empty.
	Name string `json:"name,omitempty"`
	// Settings override what Prepare writes to postgresql.conf.
	Settings map[string]string `json:"settings,omitempty"`
	// Volatile gives up safety against a crash of the machine for speed.
	Volatile bool `json:"volatile,omitempty"`
	// PassFile, if set, is the file of passwords (libpq's format) with which
	// the server itself connects to servers, as Citus does.
	PassFile string `json:"pass_file,omitempty"`
	// Archive, if set, is the directory into which the server copies its log, and
	// Checksums are on its pages: what backups and their restores take. The latter
	// takes effect when the data directory is made.
	Archive   string `json:"archive,omitempty"`
	Checksums bool   `json:"checksums,omitempty"`
}

// SuperUser is the name of the role that Prepare creates.
const SuperUser = "postgres"

// Where Debian's packages put Postgres 15.
const (
	postgresBin   = "/usr/lib/postgresql/15/bin"
	postgresLib   = "/usr/lib/postgresql/15/lib"
	postgresShare = "/usr/share/postgresql/15"
)

// Prepare makes the data directory, once, and writes the configuration, every time.
func (s Postgres) Prepare(ctx context.Context) error {
	if err := makeDir(s.Dir); err != nil {
		return err
	}
	if !exists(s.data()) {
		if err := s.initdb(ctx); err != nil {
			return fmt.Errorf("prepare %s: %w", s.name(), err)
		}
	}
	if err := s.configure(); err != nil {
		return fmt.Errorf("configure %s: %w", s.name(), err)
	}
	if s.Archive != "" {
		if err := errors.Join(makeDir(s.Archive), handOver(ctx, s.Archive)); err != nil {
			return fmt.Errorf("archive of %s: %w", s.name(), err)
		}
	}
	return handOver(ctx, s.Dir)
}

// Spec says how to run the server.
func (s Postgres) Spec() Spec {
	env := baseEnv()
	if s.PassFile != "" {
		env = append(env, "PGPASSFILE="+s.PassFile)
	}
	return Spec{
		Name:         s.name(),
		Path:         filepath.Join(postgresBin, "postgres"),
		Args:         []string{"-D", s.data()},
		Env:          env,
		Dir:          anywhere,
		Log:          filepath.Join(s.Dir, "postgres.log"),
		NotAsRoot:    true,
		Ready:        s.ready,
		ReadyWithin:  time.Minute,    // crash recovery may have to run first
		StopSignal:   syscall.SIGINT, // fast shutdown: ends sessions, writes a checkpoint
		StopWithin:   20 * time.Second,
		OrphanSignal: syscall.SIGQUIT, // immediate shutdown: its children end with it
	}
}

// DSN is the address of a database for a role.
func (s Postgres) DSN(role, password, database string) string {
	address := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(role, password),
		Host:     loopback(s.Port),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return address.String()
}

// SuperDSN is the address of a database for the superuser.
func (s Postgres) SuperDSN(database string) string {
	return s.DSN(SuperUser, s.Password, database)
}

func (s Postgres) ready(ctx context.Context) error {
	return selectOne(ctx, s.SuperDSN("postgres"))
}

func (s Postgres) name() string {
	if s.Name == "" {
		return "postgres"
	}
	return s.Name
}

func (s Postgres) data() string { return filepath.Join(s.Dir, "data") }
