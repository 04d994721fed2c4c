package dashboards_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/coditect/platform/deploy/alerts"
	"github.com/coditect/platform/deploy/dashboards"
	"github.com/coditect/platform/deploy/internal/inventory"
)

func TestFilesAreUpToDate(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(all(t)) {
		t.Errorf("there are %d files (%v) of %d dashboards", len(files), files, len(all(t)))
	}
	for _, d := range all(t) {
		want, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(d.File()); err != nil || string(got) != string(want) {
			t.Errorf("%s is stale: go generate ./deploy/dashboards (%v)", d.File(), err)
		}
	}
}

// Grafana only draws what Prometheus answers; so that is what is looked at.
func TestPanelsShowWhatTheyShould(t *testing.T) {
	t.Parallel()
	n, err := dashboards.CheckValues(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n < 50 {
		t.Errorf("only %d queries were evaluated", n)
	}
}

var (
	recorded = regexp.MustCompile(`\bslo:[a-z_:0-9]+`)
	variable = regexp.MustCompile(`"\$([a-z]+)"`)
)

func TestPanelsNameOnlyWhatIsThere(t *testing.T) {
	t.Parallel()
	metrics, err := inventory.Registered("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range inventory.Runtime() {
		metrics[m.Name] = m
	}
	records := map[string]bool{}
	groups, err := alerts.Groups()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		for _, r := range g.Rules {
			records[r.Record] = true
		}
	}
	for _, d := range all(t) {
		for _, expr := range d.Expressions() {
			if err := inventory.Check(expr, metrics); err != nil {
				t.Errorf("%s: %v", d.Title, err)
			}
			for _, name := range recorded.FindAllString(expr, -1) {
				if !records[name] {
					t.Errorf("%s: no rule records %s", d.Title, name)
				}
			}
			for _, v := range variable.FindAllStringSubmatch(expr, -1) {
				if d.Variables[v[1]] == "" {
					t.Errorf("%s: no variable is named %s", d.Title, v[1])
				}
			}
		}
	}
}

func all(t *testing.T) []dashboards.Dashboard {
	t.Helper()
	all, err := dashboards.All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 7 {
		t.Fatalf("there are %d dashboards", len(all))
	}
	return all
}
