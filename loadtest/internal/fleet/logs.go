package fleet

import (
	"errors"
	"os"
	"path/filepath"
)

// keepLogs copies what the parts logged to dir/logs, where it outlives their
// data until the next run. Whoever looks into a figure needs it.
func keepLogs(dir string) error {
	logs, err := filepath.Glob(filepath.Join(dir, "data", "*", "*.log"))
	if err != nil {
		return err
	}
	to := filepath.Join(dir, "logs")
	if err := errors.Join(os.RemoveAll(to), os.MkdirAll(to, 0o750)); err != nil {
		return err
	}
	for _, log := range logs {
		text, err := os.ReadFile(log)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(log)), text, 0o600); err != nil { //nolint:gosec // the name is of a file that is there
			return err
		}
	}
	return nil
}
