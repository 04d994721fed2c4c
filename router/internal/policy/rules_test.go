package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

func parse(t *testing.T, document string) *policy.Rules {
	t.Helper()
	rules, err := policy.Parse(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func TestBuiltInRules(t *testing.T) {
	t.Parallel()
	rules := policy.Default()
	for _, plan := range []string{"free", "team", "business", "enterprise"} {
		if l := rules.Limit(plan, nil, policy.All); l == nil || l.PerSecond <= 0 || l.MaxBody <= 0 {
			t.Errorf("%s: %+v", plan, l)
		}
	}
	if m := rules.Route([]byte("POST"), []byte("/v1/projects")); m.Name != "write" || m.Public {
		t.Errorf("%+v", m)
	}
}

func TestBadRulesSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	const plans = `"default_plan": "a", "plans": {"a": {}}`
	for want, document := range map[string]string{
		"default_plan":     `{"plans": {"a": {}}}`,
		"unknown field":    `{` + plans + `, "route": []}`,
		"more than one":    `{` + plans + `} {}`,
		"no route has":     `{"default_plan": "a", "plans": {"a": {"limits": [{"class": "read", "per_second": 1}]}}}`,
		"not be negative":  `{"default_plan": "a", "plans": {"a": {"limits": [{"class": "*", "per_second": -1}]}}}`,
		"begins with":      `{` + plans + `, "routes": [{"prefix": "v1", "class": "x"}]}`,
		"such as \"/v1\"":  `{` + plans + `, "versions": [{"prefix": "/api"}]}`,
		"before it is dep": `{` + plans + `, "versions": [{"prefix": "/v1", "deprecated": "2027-01-01T00:00:00Z", "sunset": "2026-01-01T00:00:00Z"}]}`,
		"at most 32":       `{` + plans + `, "routes": [` + manyRoutes(40) + `]}`,
		"EOF":              `{`,
	} {
		if _, err := policy.Parse(strings.NewReader(document)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func manyRoutes(n int) string {
	routes := make([]string, n)
	for i := range routes {
		routes[i] = fmt.Sprintf(`{"prefix": "/%d", "class": "c%d"}`, i, i)
	}
	return strings.Join(routes, ",")
}

const document = `{"default_plan": "small", "plans": {
	"small": {"limits": [{"class": "*", "per_second": 10, "max_body_bytes": 100}, {"class": "bulk", "per_second": 1, "max_body_bytes": 1000}]},
	"large": {"limits": [{"class": "bulk", "per_second": 5}]}},
	"routes": [{"prefix": "/v1", "class": "rest"}, {"prefix": "/v1", "methods": ["GET"], "class": "read"},
		{"prefix": "/v1/exports", "class": "bulk", "bulk": true}, {"prefix": "/v1/open/", "class": "read", "public": true}]}`

func TestRoutes(t *testing.T) {
	t.Parallel()
	rules := parse(t, document)
	for _, c := range []struct {
		method, path, class string
		public              bool
	}{
		{"POST", "/v1", "rest", false},
		{"POST", "/v1/x", "rest", false},
		{"GET", "/v1/exports", "bulk", false},
		{"GET", "/v1/exports/7", "bulk", false},
		{"GET", "/v1/exportsx", "rest", false},
		{"GET", "/v1/open/x", "read", true},
		{"GET", "/v1/open/../x", "read", false},
		{"GET", "/v1/open/%2e%2e/x", "read", false},
		{"GET", "/v1/open//x", "read", false},
		{"GET", "/v1/open/.hidden", "read", false},
		{"GET", "/v1/open/x;y", "read", false},
		{"GET", "/", "other", false},
		{"GET", "/v2", "other", false},
	} {
		if m := rules.Route([]byte(c.method), []byte(c.path)); m.Name != c.class || m.Public != c.public {
			t.Errorf("%s %s: %+v", c.method, c.path, m)
		}
	}
}

func TestWhoseLimitHolds(t *testing.T) {
	t.Parallel()
	rules := parse(t, document)
	bulk := rules.Route([]byte("GET"), []byte("/v1/exports")).Class
	own := &directory.EdgePolicy{Limits: []directory.Limit{{Class: "bulk", PerSecond: 7}}}
	for name, c := range map[string]struct {
		plan string
		edge *directory.EdgePolicy
		want float64
	}{"plan": {"large", nil, 5}, "unknown plan": {"none", nil, 1}, "own": {"large", own, 7}, "own of another class": {"small", &directory.EdgePolicy{}, 1}} {
		if l := rules.Limit(c.plan, c.edge, bulk); l == nil || l.PerSecond != c.want {
			t.Errorf("%s: %+v", name, l)
		}
	}
	if l := rules.Limit("large", nil, policy.All); l != nil {
		t.Errorf("a plan without a limit for all: %+v", l)
	}
	if n := rules.MaxBody("small", nil, bulk); n != 100 {
		t.Errorf("body: %d", n)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	rules := parse(t, `{"default_plan": "a", "plans": {"a": {}}, "versions": [{"prefix": "/v1", "deprecated": "2027-01-01T00:00:00Z", "sunset": "2027-07-01T00:00:00Z"}, {"prefix": "/v2"}]}`)
	now := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	for path, want := range map[string]fault.Code{"/v1/x": "", "/v2": "", "/v3/x": fault.NotFound, "/other": "", "/": "", "/vx/y": "", "/v99999999/x": ""} {
		_, denied := rules.Version([]byte(path), now)
		if (denied == nil) != (want == "") || denied != nil && denied.Code != want {
			t.Errorf("%s: %v", path, denied)
		}
	}
	if lines, denied := rules.Version([]byte("/v1/x"), now.AddDate(1, 0, 0)); denied == nil || denied.Code != fault.Gone || !strings.Contains(string(lines), "Sunset: Thu, 01 Jul 2027 00:00:00 GMT\r\n") {
		t.Errorf("after the sunset: %q %v", lines, denied)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(document, "GET", "/v1/exports")
	f.Fuzz(func(_ *testing.T, text, method, path string) {
		rules, err := policy.Parse(strings.NewReader(text))
		if err != nil || path == "" || path[0] != '/' {
			return
		}
		m := rules.Route([]byte(method), []byte(path))
		rules.Limit("x", nil, m.Class)
		rules.MaxBody("x", nil, m.Class)
		rules.Version([]byte(path), time.Time{})
	})
}
