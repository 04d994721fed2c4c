package local

import (
	"os"
	"path/filepath"
	"strings"
)

// makePartDir makes a part's private directory. The one above it others may
// pass: where root runs Postgres as another user, that one must.
func makePartDir(dir, part string) error {
	above := filepath.Join(dir, dataDir)
	if err := os.MkdirAll(above, 0o711); err != nil { //nolint:gosec // see above
		return err
	}
	return os.MkdirAll(filepath.Join(above, part), 0o700)
}

// relative shortens a path under the working directory, for people who copy it.
func relative(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	short, err := filepath.Rel(here, path)
	if err != nil || strings.HasPrefix(short, "..") {
		return path
	}
	return short
}
