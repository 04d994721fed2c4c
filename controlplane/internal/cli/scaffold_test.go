package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane/internal/cli"
)

func TestCellScaffold(t *testing.T) {
	t.Parallel()
	term := bareTerminal(t) // no server, no context
	cells := filepath.Join(term.dir, "terraform", "cells")
	if err := os.CopyFS(cells, os.DirFS("../../../terraform/cells")); err != nil {
		t.Fatal(err)
	}
	below := filepath.Join(term.dir, "docs", "deeper")
	if err := os.MkdirAll(below, 0o750); err != nil {
		t.Fatal(err)
	}
	term.options.Dir = below

	term.run("cell", "scaffold", "cell-c", "--region", "us-east1").wants(t, 0, "network 10.2.0.0/16", "project_number is still empty", "terraform/tf cells/cell-c plan")
	term.run("cell", "scaffold", "cell-c", "--region", "us-east1").wants(t, cli.ExitConflict, "choose another id", "nothing was written")
	term.run("cell", "scaffold", "Cell-C", "--region", "us-east1").wants(t, cli.ExitUsage, "lower-case letters")
	term.run("cell", "scaffold", "cell-d", "--region", "us-east1", "--cidr", "10.2.0.0/16").wants(t, cli.ExitConflict, "cell-c")
	term.run("cell", "scaffold", "cell-d", "--region", "us-east1", "--database", "mysql").wants(t, cli.ExitUsage, "postgres")
	term.run("cell", "scaffold", "cell-d").wants(t, cli.ExitUsage, "region")
	term.run("cell", "scaffold", "cell-d", "--region", "us-east1", "--dir", t.TempDir()).wants(t, cli.ExitUsage, "--dir")
	r := term.run("cell", "scaffold", "cell-d", "--region", "us-east1", "--project-number", "123456789012", "-o", "json")
	r.wants(t, 0, `"cidr": "10.3.0.0/16"`, `"cell": "cell-d"`)
	if text, err := os.ReadFile(filepath.Join(cells, "cell-d", "cell.yaml")); err != nil || !strings.Contains(string(text), `project_number: "123456789012"`) {
		t.Errorf("%s, %v", text, err)
	}
}
