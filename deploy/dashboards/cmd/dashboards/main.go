// Dashboards writes the dashboards' JSON files into the current directory, which
// is deploy/dashboards.
package main

import (
	"fmt"
	"os"

	"github.com/coditect/platform/deploy/dashboards"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "dashboards:", err)
		os.Exit(1)
	}
}

func run() error {
	all, err := dashboards.All()
	if err != nil {
		return err
	}
	for _, d := range all {
		raw, err := d.JSON()
		if err != nil {
			return err
		}
		if err := os.WriteFile(d.File(), raw, 0o644); err != nil { //nolint:gosec // source code
			return err
		}
	}
	return nil
}
