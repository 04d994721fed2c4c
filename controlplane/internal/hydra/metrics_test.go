package hydra_test

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/coditect/platform/shared/servers"
)

var (
	section    = regexp.MustCompile(`(?s)## Authorization server\n(.*?)\n## `)
	metricLine = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (counter|histogram) \\| ([^|]+) \\|")
	aside      = regexp.MustCompile(`\([^)]*\)`)
)

// Rules and dashboards use what docs/metrics.md says of Hydra's metrics; the tests of
// deploy compare them with the page, and this one the page with a Hydra.
func TestHydraShowsTheMetricsThatAreUsed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	part := section.FindSubmatch(page)
	if part == nil {
		t.Fatal("docs/metrics.md has no section on the authorization server")
	}
	documented := metricLine.FindAllStringSubmatch(string(part[1]), -1)
	if len(documented) < 2 {
		t.Errorf("the section has %d metrics", len(documented))
	}
	server := newWorld(t).server
	read(t, server.JWKSURL()) // is counted: a metric without children is not shown
	shown := read(t, server.AdminURL()+servers.HydraMetrics)
	for _, m := range documented {
		name, kind, labels := m[1], m[2], m[3]
		if !strings.Contains(shown, "\n# TYPE "+name+" "+kind+"\n") {
			t.Errorf("%s, a %s, is not shown", name, kind)
		}
		sample := regexp.MustCompile(`(?m)^` + name + `(?:_count)?\{(.*endpoint="/\.well-known/jwks\.json".*)\} [1-9]`).FindStringSubmatch(shown)
		if sample == nil {
			t.Errorf("%s did not count a request", name)
			continue
		}
		for _, label := range strings.Split(aside.ReplaceAllString(labels, ""), ",") {
			if !strings.Contains(","+sample[1], ","+strings.TrimSpace(label)+`="`) {
				t.Errorf("%s has the labels %s, and not %s", name, sample[1], label)
			}
		}
	}
	if !strings.Contains(shown, "\nprocess_start_time_seconds ") {
		t.Error("nothing says that it runs")
	}
}

func read(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, response.Status, err)
	}
	return string(text)
}
