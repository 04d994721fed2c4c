package cellfiles_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/coditect/platform/controlplane/internal/cellfiles"
	"github.com/coditect/platform/shared/fault"
)

// cellsDir is a copy of the repository's own cells.
func cellsDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cells")
	if err := os.CopyFS(dir, os.DirFS("../../../terraform/cells")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func spec(change func(*cellfiles.Spec)) cellfiles.Spec {
	s := cellfiles.Spec{ID: "cell-n", Region: "us-east1", Tier: "standard", Database: "postgres", ProjectNumber: "123456789012"}
	if change != nil {
		change(&s)
	}
	return s
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestScaffoldWritesACellThatTheSchemaAccepts(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile("../../../terraform/cells/cell.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	dir := cellsDir(t)
	for id, database := range map[string]string{"cell-n": "postgres", "cell-m": "citus"} {
		made, err := cellfiles.Scaffold(dir, "", spec(func(s *cellfiles.Spec) { s.ID, s.Database = id, database }))
		if err != nil {
			t.Fatal(err)
		}
		var cell map[string]any
		if err := yaml.Unmarshal(read(t, made.Dir, "cell.yaml"), &cell); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(cell); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if zones := made.Spec.Zones; zones[0] != "us-east1-b" || made.Spec.BackupRegion != "us-central1" || cell["project"] != "coditect-"+id {
			t.Errorf("%+v", made.Spec)
		}
		for _, name := range []string{"main.tf", "backend.tf", "tests/plan.tftest.hcl"} {
			if !bytes.Equal(read(t, made.Dir, name), read(t, dir, "cell-a", name)) {
				t.Errorf("%s: %s is not the bytes of cell-a", id, name)
			}
		}
	}
}

func TestScaffoldPicksTheLowestFreeNetwork(t *testing.T) {
	t.Parallel()
	dir := cellsDir(t) // cell-a has 10.0.0.0/16, cell-b 10.1.0.0/16
	for _, c := range []struct{ id, asked, want string }{{"cell-c", "", "10.2.0.0/16"}, {"cell-e", "10.4.0.0/16", "10.4.0.0/16"}, {"cell-d", "", "10.3.0.0/16"}, {"cell-f", "", "10.5.0.0/16"}} {
		made, err := cellfiles.Scaffold(dir, "", spec(func(s *cellfiles.Spec) { s.ID, s.CIDR = c.id, c.asked }))
		if err != nil || made.Spec.CIDR != c.want {
			t.Errorf("%s: %s, %v; want %s", c.id, made.Spec.CIDR, err, c.want)
		}
	}
}

func TestScaffoldWithoutANumberSaysWhereItBelongs(t *testing.T) {
	t.Parallel()
	made, err := cellfiles.Scaffold(cellsDir(t), "", spec(func(s *cellfiles.Spec) { s.ProjectNumber = "" }))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(read(t, made.Dir, "cell.yaml")); !strings.Contains(text, `project_number: "" # gcloud projects describe coditect-cell-n`) {
		t.Error(text)
	}
}

func TestScaffoldRefusesAndLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := cellsDir(t)
	for name, c := range map[string]struct {
		change func(*cellfiles.Spec)
		code   fault.Code
		says   string
	}{
		"there already":      {func(s *cellfiles.Spec) { s.ID = "cell-a" }, fault.Conflict, "choose another id"},
		"capital letters":    {func(s *cellfiles.Spec) { s.ID = "Cell-N" }, fault.Invalid, "lower-case"},
		"a path":             {func(s *cellfiles.Spec) { s.ID = "../cell-n" }, fault.Invalid, "lower-case"},
		"too long":           {func(s *cellfiles.Spec) { s.ID = "cell-with-a-long-name" }, fault.Invalid, "20"},
		"a zone":             {func(s *cellfiles.Spec) { s.Region = "us-east1-b" }, fault.Invalid, "without a zone"},
		"two zones":          {func(s *cellfiles.Spec) { s.Zones = []string{"us-east1-b", "us-east1-c"} }, fault.Invalid, "three"},
		"zones elsewhere":    {func(s *cellfiles.Spec) { s.Zones = []string{"us-east1-b", "us-east1-c", "us-east4-a"} }, fault.Invalid, "of its region"},
		"unknown neighbour":  {func(s *cellfiles.Spec) { s.Region = "mars-north1" }, fault.Invalid, "--backup-region"},
		"copies at home":     {func(s *cellfiles.Spec) { s.BackupRegion = "us-east1" }, fault.Invalid, "other than"},
		"project":            {func(s *cellfiles.Spec) { s.Project = "x" }, fault.Invalid, "project id"},
		"number":             {func(s *cellfiles.Spec) { s.ProjectNumber = "coditect" }, fault.Invalid, "gcloud projects describe"},
		"tier":               {func(s *cellfiles.Spec) { s.Tier = "Gold!" }, fault.Invalid, "tier"},
		"database":           {func(s *cellfiles.Spec) { s.Database = "mysql" }, fault.Invalid, "citus"},
		"network taken":      {func(s *cellfiles.Spec) { s.CIDR = "10.1.0.0/16" }, fault.Conflict, "cell-b"},
		"routers' network":   {func(s *cellfiles.Spec) { s.CIDR = "10.128.0.0/16" }, fault.Invalid, "10.127.0.0/16"},
		"network too small":  {func(s *cellfiles.Spec) { s.CIDR = "10.9.0.0/20" }, fault.Invalid, "/16"},
		"network with hosts": {func(s *cellfiles.Spec) { s.CIDR = "10.9.1.0/16" }, fault.Invalid, "/16"},
	} {
		_, err := cellfiles.Scaffold(dir, "", spec(c.change))
		if fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want %s, %q", name, err, c.code, c.says)
		}
	}
	if _, err := cellfiles.Scaffold(t.TempDir(), "", spec(nil)); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("no cells: %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 { // cell-a, cell-b, the schema
		t.Errorf("%v, %v", entries, err)
	}
}

// A cell.yaml that cannot be read might hold the network that would be picked.
func TestScaffoldDoesNotGuessAroundBrokenCells(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"cidr: [", "cidr: tomorrow"} {
		dir := cellsDir(t)
		if err := os.WriteFile(filepath.Join(dir, "cell-b", "cell.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := cellfiles.Scaffold(dir, "", spec(nil)); fault.CodeOf(err) != fault.Malformed || !strings.Contains(err.Error(), "cell-b") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
