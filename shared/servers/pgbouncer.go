package servers

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// PgBouncer is a connection pooler in transaction mode. It is 1.18: cached
// prepared statements do not work through it.
type PgBouncer struct {
	// Dir holds the configuration and the log.
	Dir string `json:"dir"`
	// Port is the loopback port.
	Port int `json:"port"`
	// Name is what messages call the server; "pgbouncer" if empty.
	Name string `json:"name,omitempty"`
	// Databases are what clients may connect to, by the name they use.
	Databases map[string]PooledDatabase `json:"databases"`
	// Users are the roles that may connect, with their passwords, which are
	// the roles' passwords on the server as well.
	Users map[string]string `json:"users"`
	// ConsolePassword is that of ConsoleUser, who may use the pooler's own
	// console, the database "pgbouncer".
	ConsolePassword string `json:"console_password"`
	// MaxClients bounds client connections (0 means 10,000), PoolSize the
	// server connections of each database and user (0 means 40).
	MaxClients int `json:"max_clients,omitempty"`
	PoolSize   int `json:"pool_size,omitempty"`
}

// PooledDatabase is a database behind a pooler.
type PooledDatabase struct {
	// Port is the loopback port of its Postgres server, Name its name there.
	Port int    `json:"port"`
	Name string `json:"name"`
}

// ConsoleUser is who may use a pooler's console.
const ConsoleUser = "console"

const (
	defaultMaxClients = 10_000
	defaultPoolSize   = 40
)

// Prepare writes the configuration.
func (b PgBouncer) Prepare(ctx context.Context) error {
	if err := makeDir(b.Dir); err != nil {
		return err
	}
	if err := writePrivate(b.config(), b.renderConfig()); err != nil {
		return fmt.Errorf("prepare %s: %w", b.name(), err)
	}
	if err := writePrivate(b.userList(), b.renderUsers()); err != nil {
		return fmt.Errorf("prepare %s: %w", b.name(), err)
	}
	return handOver(ctx, b.Dir)
}

// Spec says how to run the pooler. It is ready when its console answers,
// whether or not the servers behind it do. SIGTERM ends it at once.
func (b PgBouncer) Spec() Spec {
	return Spec{
		Name:      b.name(),
		Path:      "/usr/sbin/pgbouncer",
		Args:      []string{b.config()},
		Env:       baseEnv(),
		Dir:       anywhere,
		Log:       filepath.Join(b.Dir, "pgbouncer.log"),
		NotAsRoot: true,
		Ready:     b.ready,
	}
}

// DSN is the address of a database for a user.
func (b PgBouncer) DSN(user, password, database string) string {
	address := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(user, password),
		Host:     loopback(b.Port),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return address.String()
}

func (b PgBouncer) ready(ctx context.Context) error {
	return pingConsole(ctx, b.DSN(ConsoleUser, b.ConsolePassword, "pgbouncer"))
}

func (b PgBouncer) renderConfig() string {
	var s strings.Builder
	s.WriteString("; written at every start\n[databases]\n")
	for _, alias := range slices.Sorted(maps.Keys(b.Databases)) {
		database := b.Databases[alias]
		fmt.Fprintf(&s, "%s = host=127.0.0.1 port=%d dbname=%s\n", alias, database.Port, database.Name)
	}
	fmt.Fprintf(&s, `
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = scram-sha-256
auth_file = %s
admin_users = %s
pool_mode = transaction
max_client_conn = %d
default_pool_size = %d
ignore_startup_parameters = extra_float_digits
server_tls_sslmode = disable
server_login_retry = 1
log_connections = 0
log_disconnections = 0
`, b.Port, b.userList(), ConsoleUser, orDefault(b.MaxClients, defaultMaxClients), orDefault(b.PoolSize, defaultPoolSize))
	return s.String()
}

// renderUsers lists passwords in plain: the pooler needs them so, to log in on
// the server with SCRAM.
func (b PgBouncer) renderUsers() string {
	users := maps.Clone(b.Users)
	if users == nil {
		users = make(map[string]string, 1)
	}
	users[ConsoleUser] = b.ConsolePassword
	quote := strings.NewReplacer(`"`, `""`)
	var s strings.Builder
	for _, name := range slices.Sorted(maps.Keys(users)) {
		fmt.Fprintf(&s, "\"%s\" \"%s\"\n", quote.Replace(name), quote.Replace(users[name]))
	}
	return s.String()
}

func (b PgBouncer) name() string {
	if b.Name == "" {
		return "pgbouncer"
	}
	return b.Name
}

func (b PgBouncer) config() string   { return filepath.Join(b.Dir, "pgbouncer.ini") }
func (b PgBouncer) userList() string { return filepath.Join(b.Dir, "users.txt") }

func orDefault(value, otherwise int) int {
	if value == 0 {
		return otherwise
	}
	return value
}
