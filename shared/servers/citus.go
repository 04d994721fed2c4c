package servers

import (
	"path/filepath"
	"strings"
)

// CitusOffered reports whether the installed Postgres has the Citus extension.
// Every Postgres server then loads it; a database uses it only after
// CREATE EXTENSION citus.
func CitusOffered() bool {
	return exists(filepath.Join(postgresShare, "extension", "citus.control")) &&
		exists(filepath.Join(postgresLib, "citus.so"))
}

// citusFirst puts citus before the other preloaded libraries: it refuses any
// other place.
func citusFirst(libraries string) string {
	first := []string{"citus"}
	for library := range strings.SplitSeq(libraries, ",") {
		if library = strings.TrimSpace(library); library != "" && library != "citus" {
			first = append(first, library)
		}
	}
	return strings.Join(first, ",")
}
