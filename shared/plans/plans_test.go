package plans_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/coditect/platform/shared/plans"
)

func TestBuiltInCatalogue(t *testing.T) {
	t.Parallel()
	c := plans.Default()
	for _, name := range []string{"free", "team", "business", "enterprise"} {
		p, ok := c.Plan(name)
		if !ok || len(p.Limits) == 0 || (len(p.Prices) == 0) != (name == "free") {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if !c.Upgrade("team", "business") || c.Upgrade("business", "team") || c.Upgrade("team", "team") {
		t.Error("upgrades go to later plans")
	}
	business, _ := c.Plan("business")
	if !business.Entitled("sso") || business.Entitled("residency") {
		t.Errorf("%v", business.Entitlements)
	}
	storage, ok := c.MeterOf("storage_bytes")
	if !ok || storage.Units(0) != 0 || storage.Units(1) != 1 || storage.Units(1<<20) != 1 || storage.Units(1<<20+1) != 2 {
		t.Errorf("%+v: a unit that was begun counts", storage)
	}
}

const good = `currency: usd
default_plan: free
meters:
  - {name: calls, title: Calls, metric: api_calls}
plans:
  - {name: free, title: Free, tier: standard}
  - name: team
    title: Team
    tier: standard
    prices: {month: 100}
    usage: [{meter: calls, included: 5, each: "0.5"}]
`

func TestMistakesHaveLineAndField(t *testing.T) {
	t.Parallel()
	if _, err := plans.Parse("p.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"currency: usd", "currency: USD", "p.yaml:1: currency: use an ISO"},
		{"default_plan: free", "default_plan: gold", `p.yaml:2: default_plan: there is no plan "gold"`},
		{"default_plan: free", "default_plan: team", "p.yaml:2: default_plan: tenants that pay"},
		{"metric: api_calls", "metric: sheep", "p.yaml:4: meters[0].metric: use one of"},
		{"title: Calls,", "titel: Calls,", "p.yaml:4: titel: there is no such field"},
		{"prices: {month: 100}", "prices: {week: 100}", "p.yaml:10: plans[1].prices.week: use month or year"},
		{"prices: {month: 100}", "prices: {month: 0}", "p.yaml:10: plans[1].prices.month: use 1 to"},
		{"prices: {month: 100}", "prices: {month: dear}", `p.yaml:10: "dear" is of the wrong kind here`},
		{"    prices: {month: 100}\n", "", "p.yaml:7: plans[1]: a plan without prices"},
		{"meter: calls, i", "meter: sheep, i", `p.yaml:11: plans[1].usage[0].meter: there is no meter "sheep"`},
		{`each: "0.5"`, `each: "a lot"`, "p.yaml:11: plans[1].usage[0].each: use a decimal"},
		{"included: 5", "included: -5", "p.yaml:11: plans[1].usage[0].included: use 0"},
		{"name: team", "name: free", `p.yaml:7: plans[1].name: "free" is there twice`},
		{"name: team", "name: Team!", "p.yaml:7: plans[1].name: use 2 to 40"},
		{"tier: standard}", "tier: standard, trial_days: 9}", "p.yaml:6: plans[0]: a plan without prices"},
		{"currency", "\tcurrency", "p.yaml:1: "},
		{"plans:", "---\nplans:", "no plan"},
	} {
		_, err := plans.Parse("p.yaml", []byte(strings.Replace(good, c.old, c.new, 1)))
		var mistake *plans.Mistake
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &mistake) {
			t.Errorf("%s for %s:\n%v\nwant %s", c.new, c.old, err, c.want)
		}
	}
	if _, err := plans.Parse("p.yaml", []byte(strings.ReplaceAll(good, "title", "titel"))); strings.Count(err.Error(), "\n") < 2 {
		t.Errorf("not every mistake is told: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := plans.Parse("p.yaml", text); err == nil {
			if _, ok := c.Plan(c.DefaultPlan); !ok {
				t.Error("no default plan")
			}
		}
	})
}
