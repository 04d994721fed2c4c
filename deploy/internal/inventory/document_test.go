package inventory_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/coditect/platform/deploy/internal/inventory"
)

const root = "../../.."

// line is a metric's line in docs/metrics.md: name, type, labels, meaning.
var line = regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\| (counter|gauge|histogram) \\| ([^|]+) \\| ([^|]+) \\|$")

// TestEveryMetricIsDocumentedAndNoOther compares the code with docs/metrics.md,
// both ways; see the package's documentation for how the code is read.
func TestEveryMetricIsDocumentedAndNoOther(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(root + "/docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for _, m := range line.FindAllStringSubmatch(string(page), -1) {
		if _, twice := documented[m[1]]; twice {
			t.Errorf("docs/metrics.md has %s twice", m[1])
		}
		documented[m[1]] = m[2]
	}
	metrics := registered(t)
	for name, m := range metrics {
		switch kind, ok := documented[name]; {
		case !ok:
			t.Errorf("docs/metrics.md lacks %s (a %s)", name, m.Type)
		case kind != m.Type:
			t.Errorf("docs/metrics.md calls %s a %s; it is a %s", name, kind, m.Type)
		}
	}
	for name := range documented {
		if _, ok := metrics[name]; !ok {
			t.Errorf("docs/metrics.md has %s, which no program registers", name)
		}
	}
}

func registered(t *testing.T) map[string]inventory.Metric {
	t.Helper()
	metrics, err := inventory.Registered(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(metrics) < 50 {
		t.Fatalf("only %d metrics were found; the test looks in the wrong place", len(metrics))
	}
	return metrics
}
