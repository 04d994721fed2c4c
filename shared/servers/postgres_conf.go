package servers

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// configure writes the whole configuration: what is in the data directory is
// never edited by hand.
func (s Postgres) configure() error {
	settings := s.defaults()
	if s.Archive != "" {
		maps.Copy(settings, s.archiveSettings())
	}
	maps.Copy(settings, s.Settings)
	if CitusOffered() {
		settings["shared_preload_libraries"] = citusFirst(settings["shared_preload_libraries"])
	}
	if err := writePrivate(filepath.Join(s.data(), "postgresql.conf"), renderSettings(settings)); err != nil {
		return err
	}
	return writePrivate(filepath.Join(s.data(), "pg_hba.conf"), postgresAccess)
}

// postgresAccess lets every role in, from this machine, with its password.
const postgresAccess = `# written at every start
host all         all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
`

func (s Postgres) defaults() map[string]string {
	settings := map[string]string{ //nolint:gosec // names of settings, no credentials
		"listen_addresses":           "127.0.0.1",
		"port":                       strconv.Itoa(s.Port),
		"unix_socket_directories":    "", // a socket's path may have 107 bytes, ours may have more
		"password_encryption":        "scram-sha-256",
		"max_connections":            "200",
		"shared_buffers":             "128MB",
		"jit":                        "off", // many short statements: compiling costs more than it saves
		"dynamic_shared_memory_type": "posix",
		"wal_level":                  "logical", // tenants leave through logical replication slots
		"max_wal_senders":            "20",
		"max_replication_slots":      "20",
		"max_slot_wal_keep_size":     "6GB", // a tenant that cannot leave must not fill the disk
		"max_wal_size":               "1GB",
		"log_line_prefix":            "%m [%p] %q%u@%d ",
		"log_timezone":               "UTC",
		"timezone":                   "UTC",
		"lc_messages":                "C.UTF-8",
	}
	if s.Volatile {
		settings["fsync"] = "off"
		settings["synchronous_commit"] = "off"
		settings["full_page_writes"] = "off"
		settings["autovacuum_naptime"] = "1h"
	}
	return settings
}

func renderSettings(settings map[string]string) string {
	var b strings.Builder
	b.WriteString("# written at every start\n")
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&b, "%s = '%s'\n", name, strings.ReplaceAll(settings[name], "'", "''"))
	}
	return b.String()
}
