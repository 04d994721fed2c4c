package testkit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/coditect/platform/shared/servers"
)

// runDir is this program's own directory for server data. Making it removes
// those of programs that are gone.
var runDir = sync.OnceValues(func() (string, error) {
	base, err := baseDir()
	if err != nil {
		return "", err
	}
	if err := removeDeadRuns(base); err != nil {
		return "", fmt.Errorf("remove the data of earlier test runs: %w", err)
	}
	self, err := servers.Identify(os.Getpid())
	if err != nil {
		return "", err
	}
	dir := filepath.Join(base, runName(self))
	return dir, os.MkdirAll(dir, 0o711) //nolint:gosec // where root runs servers as another user, that one must pass
})

// A run's directory is named after the identity of its program.
const runNameFormat = "%d-%d"

func runName(id servers.Identity) string {
	return fmt.Sprintf(runNameFormat, id.PID, id.Started)
}

func removeDeadRuns(base string) error {
	entries, err := os.ReadDir(base)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		var id servers.Identity
		if _, scanErr := fmt.Sscanf(entry.Name(), runNameFormat, &id.PID, &id.Started); scanErr != nil || id.Alive() {
			continue
		}
		// Another program may be removing the same directory: no error.
		err = errors.Join(err, os.RemoveAll(filepath.Join(base, entry.Name())))
	}
	return err
}

// baseDir is <repository>/.local/testkit. Test programs run in their
// package's directory, so the repository is above.
func baseDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".local", "testkit"), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("the test does not run inside the repository: no go.mod above it")
		}
		dir = parent
	}
}
