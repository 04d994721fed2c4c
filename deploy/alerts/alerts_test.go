package alerts_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coditect/platform/deploy/alerts"
	"github.com/coditect/platform/deploy/internal/inventory"
)

const root = "../.."

func TestRulesOfObjectivesAreUpToDate(t *testing.T) {
	t.Parallel()
	want, err := alerts.Generated()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("slo.rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("slo.rules.yaml is stale: go generate ./deploy/alerts")
	}
}

func TestRulesNameOnlyMetricsThatAreRegistered(t *testing.T) {
	t.Parallel()
	metrics := exported(t)
	for _, r := range rules(t) {
		if err := inventory.Check(r.Expr, metrics); err != nil {
			t.Errorf("%s%s: %v", r.Alert, r.Record, err)
		}
	}
}

var (
	template = regexp.MustCompile(`{{.*?}}`)
	byLabel  = regexp.MustCompile(`^{{ \$labels\.[a-z]+ }}$`)
)

func TestEveryAlertSaysWhatAndWhereToRead(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range rules(t) {
		if r.Alert == "" {
			continue
		}
		if seen[r.Alert] {
			t.Errorf("%s is there twice", r.Alert)
		}
		seen[r.Alert] = true
		if !slices.Contains([]string{"critical", "warning"}, r.Labels["severity"]) {
			t.Errorf("%s has the severity %q", r.Alert, r.Labels["severity"])
		}
		if keys := slices.Sorted(maps.Keys(r.Annotations)); !slices.Equal(keys, []string{"description", "runbook_url", "summary"}) {
			t.Errorf("%s has the annotations %v", r.Alert, keys)
		}
		for _, text := range r.Annotations {
			for _, used := range template.FindAllString(text, -1) {
				if !byLabel.MatchString(used) {
					t.Errorf("%s: %s changes with each evaluation, or is not known to the cases", r.Alert, used)
				}
			}
		}
		page, ok := strings.CutPrefix(r.Annotations["runbook_url"], alerts.Runbooks)
		if !ok || strings.TrimSuffix(page, ".md") != runbook(r.Alert) {
			t.Errorf("%s points to %s", r.Alert, r.Annotations["runbook_url"])
		}
		checkRunbook(t, page)
	}
}

// runbook is an alert's page; both alerts of an objective share one.
func runbook(alert string) string {
	return strings.TrimSuffix(strings.TrimSuffix(alert, "BurnsFast"), "BurnsSlowly")
}

func checkRunbook(t *testing.T, page string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs/runbooks", page))
	if err != nil {
		t.Error(err)
		return
	}
	for _, part := range []string{"## What it means\n", "## How to look\n\n```\n", "## What to do\n\n- "} {
		if !strings.Contains(string(text), part) {
			t.Errorf("docs/runbooks/%s lacks %q", page, part)
		}
	}
}

func TestEveryRunbookHasItsAlert(t *testing.T) {
	t.Parallel()
	wanted := map[string]bool{"README": true}
	for _, r := range rules(t) {
		wanted[runbook(r.Alert)] = true
	}
	pages, err := filepath.Glob(root + "/docs/runbooks/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	for _, p := range pages {
		if name := strings.TrimSuffix(filepath.Base(p), ".md"); !wanted[name] {
			t.Errorf("docs/runbooks/%s.md belongs to no alert", name)
		}
	}
}

var (
	asked  = regexp.MustCompile(`'query=([^']+)'`)
	sought = regexp.MustCompile(`grep '([^']+)'`)

	objective = regexp.MustCompile(`slo="([^"]+)"`)
)

// That the commands run is tried on a platform (loadtest/e2e); there, what nobody
// exports and what nobody logs is just not found.
func TestRunbooksAskForWhatIsThere(t *testing.T) {
	t.Parallel()
	metrics := exported(t)
	slos, err := alerts.SLOs()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(root + "/docs/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	queries := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range asked.FindAllSubmatch(text, -1) {
			queries++
			if err := inventory.Check(string(m[1]), metrics); err != nil {
				t.Errorf("%s: %v", filepath.Base(page), err)
			}
			if o := objective.FindSubmatch(m[1]); o != nil && !slices.ContainsFunc(slos, func(s alerts.SLO) bool { return s.Name == string(o[1]) }) {
				t.Errorf("%s asks for the objective %s", filepath.Base(page), o[1])
			}
		}
		for _, m := range sought.FindAllSubmatch(text, -1) {
			if !logged(t, string(m[1])) {
				t.Errorf("%s looks for %q, which nobody logs", filepath.Base(page), m[1])
			}
		}
	}
	if queries < 50 {
		t.Errorf("only %d queries were found", queries)
	}
}

// logged says whether a program of ours has a text in its sources.
func logged(t *testing.T, text string) bool {
	t.Helper()
	found := false
	for _, component := range []string{"shared", "router", "cell", "controlplane"} {
		err := filepath.WalkDir(filepath.Join(root, component), func(path string, _ os.DirEntry, err error) error {
			if err != nil || found || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			found = strings.Contains(string(source), text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// exported are all metrics that Prometheus sees.
func exported(t *testing.T) map[string]inventory.Metric {
	t.Helper()
	metrics, err := inventory.Registered(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range inventory.Runtime() {
		metrics[m.Name] = m
	}
	return metrics
}

func rules(t *testing.T) []alerts.Rule {
	t.Helper()
	groups, err := alerts.Groups()
	if err != nil {
		t.Fatal(err)
	}
	var all []alerts.Rule
	for _, g := range groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 50 {
		t.Fatalf("only %d rules were read", len(all))
	}
	return all
}
