package scenario_test

import (
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/loadtest/internal/scenario"
)

const whole = `name: all of it
seed: 42
target: {url: http://127.0.0.1:8080, domain: localhost, controlplane: http://127.0.0.1:8090}
tenants: {file: tenants.ndjson, choose: zipf, exponent: 1.2}
load: {arrivals: poisson, connections: 32, timeout: 5s}
phases:
  - {name: ramp, for: 10s, from: 50, to: 500, warmup: true}
  - {name: soak, for: 1m, rate: 500}
  - {name: storm, for: 20s, rate: 500, storm: {tenant: 0, rate: 1000}}
  - {name: move, for: 20s, rate: 500, migrate: {tenant: 1, to: cell-b}}
mix:
  - {step: read, weight: 8}
  - {step: http, name: front, weight: 2, path: /, expect: [200, 404]}
thresholds: ["p99 < 100ms", "errors < 0.1%", "phase soak rate >= 495", "step storm p95 < 1s"]
`

func TestAWholeScenario(t *testing.T) {
	t.Parallel()
	s, err := scenario.Parse("x.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if s.Duration() != 110*time.Second || !s.Load.Poisson || s.Load.Closed || s.Phases[0].To != 500 || s.Phases[2].Storm.Rate != 1000 || s.Mix[1].Method != "GET" {
		t.Errorf("%+v", s)
	}
	if got := strings.Join(s.Steps(), " "); got != "read front storm" {
		t.Errorf("steps %q", got)
	}
	if x := s.Thresholds[1]; x.Metric != scenario.Errors || x.Value != 0.1 || !x.Holds(0.05) || x.Holds(0.1) {
		t.Errorf("threshold %+v", x)
	}
}

// Every mistake is named with file, line and field.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown field", "seed: 42", "sede: 42", `x.yaml:2: sede: there is no such field`},
		{"unknown field inside", "for: 1m, rate: 500", "for: 1m, rat: 500", `x.yaml:8: phases[1].rat: there is no such field`},
		{"wrong type", "connections: 32", "connections: many", `x.yaml:5: load.connections: "many" is not what is wanted here (a whole number)`},
		{"no yaml", "seed: 42", "seed: [", `x.yaml:`},
		{"duration", "for: 1m", "for: 1 minute", `x.yaml:8: phases[1].for: "1 minute" is not a duration`},
		{"nothing", whole, "", `x.yaml:1: name: is missing`},
		{"rate", "for: 1m, rate: 500", "for: 1m", `x.yaml:8: phases[1]: give either rate`},
		{"users", "for: 1m, rate: 500", "for: 1m, users: 500", `phases[1].users: this load counts in rate`},
		{"url", "http://127.0.0.1:8080", "127.0.0.1:8080", `x.yaml:3: target.url: "127.0.0.1:8080" is not http://host:port`},
		{"kind", "step: read", "step: raed", `x.yaml:12: mix[0].step: "raed" is none of signup, login, read`},
		{"twice", "name: front", "name: read", `x.yaml:13: mix[1].name: there is another step "read"`},
		{"threshold", "p99 < 100ms", "p99 < fast", `x.yaml:14: thresholds[0]: "p99 < fast": "fast" is not a duration`},
		{"threshold's phase", "phase soak", "phase soka", `thresholds[2]: "phase soka rate >= 495": there is no phase "soka"`},
		{"no keys", "file: tenants.ndjson, ", "", `mix[0].step: read needs tenants.file`},
		{"exponent", "exponent: 1.2", "exponent: 0.9", `x.yaml:4: tenants.exponent: must be above 1`},
		{"think", "timeout: 5s", "think: 5s", `load.think: is for model: closed`},
		{"status", "[200, 404]", "[200, 4040]", `mix[1].expect[1]: 4040 is no status`},
		{"migrate without control plane", ", controlplane: http://127.0.0.1:8090", "", `phases[3].migrate: needs target.controlplane`},
		{"engine", "timeout: 5s", "engine: curl", `load.engine: "curl" is none of fasthttp, net/http`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(whole, c.old, c.new, 1)
			_, err := scenario.Parse("x.yaml", []byte(text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := scenario.Parse("x.yaml", text); err == nil && s.Duration() <= 0 {
			t.Errorf("a scenario that takes no time: %q", text)
		}
	})
}
