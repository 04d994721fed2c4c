package scenario

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	defaultConnections = 64
	mostConnections    = 10_000
	defaultTimeout     = 10 * time.Second
	defaultMaxLag      = 10 * time.Millisecond
	defaultExponent    = 1.1
)

// check makes a plan of the document and notes what is wrong with it.
func (p *problems) check(d *document) *Scenario {
	s := &Scenario{Name: d.Name, Seed: d.Seed}
	if d.Name == "" {
		p.at("name", "is missing")
	}
	s.Target = p.checkTarget(d.Target)
	s.Tenants = p.checkTenants(d)
	s.Load = p.checkLoad(d)
	for i := range d.Phases {
		s.Phases = append(s.Phases, p.checkPhase(fmt.Sprintf("phases[%d]", i), &d.Phases[i], s))
	}
	if len(d.Phases) == 0 {
		p.at("phases", "name at least one")
	}
	for i := range d.Mix {
		s.Mix = append(s.Mix, p.checkStep(fmt.Sprintf("mix[%d]", i), &d.Mix[i], s))
	}
	if len(d.Mix) == 0 {
		p.at("mix", "name at least one step")
	}
	p.checkNames(s)
	for i, text := range d.Thresholds {
		t, err := ParseThreshold(text)
		if err == nil {
			err = t.knows(s)
		}
		if err != nil {
			p.at(fmt.Sprintf("thresholds[%d]", i), "%s", err)
		}
		s.Thresholds = append(s.Thresholds, t)
	}
	return s
}

func (p *problems) checkTarget(t target) Target {
	p.checkURL("target.url", t.URL)
	if t.ControlPlane != "" {
		p.checkURL("target.controlplane", t.ControlPlane)
	}
	return Target{URL: strings.TrimSuffix(t.URL, "/"), Domain: t.Domain, ControlPlane: strings.TrimSuffix(t.ControlPlane, "/")}
}

func (p *problems) checkURL(field, text string) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		p.at(field, "is missing")
	case err != nil || u.Host == "" || u.Scheme != "http" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil:
		p.at(field, "%q is not http://host:port", text)
	}
}

func (p *problems) checkTenants(d *document) Tenants {
	t := Tenants{File: d.Tenants.File, Slugs: d.Tenants.Slugs, Count: d.Tenants.Count, Choose: Choice(d.Tenants.Choose), Exponent: d.Tenants.Exponent}
	if t.Choose == "" {
		t.Choose = Uniform
	}
	if t.Choose != Uniform && t.Choose != Zipf {
		p.at("tenants.choose", "%q is neither uniform nor zipf", t.Choose)
	}
	if t.Choose == Zipf && t.Exponent == 0 {
		t.Exponent = defaultExponent
	}
	switch {
	case t.Choose == Zipf && t.Exponent <= 1:
		p.at("tenants.exponent", "must be above 1")
	case t.Choose == Uniform && t.Exponent != 0:
		p.at("tenants.exponent", "is for choose: zipf")
	}
	switch {
	case t.Count < 0:
		p.at("tenants.count", "must not be negative")
	case t.File != "" && t.Slugs != "":
		p.at("tenants.slugs", "name either a file or slugs")
	case t.Slugs != "" && t.Count == 0:
		p.at("tenants.count", "is missing: how many slugs are there")
	case t.Slugs != "" && (strings.Count(t.Slugs, "%") != 1 || strings.Contains(fmt.Sprintf(t.Slugs, 1), "!")):
		p.at("tenants.slugs", "%q must hold one number, such as org-%%07d", t.Slugs)
	}
	return t
}

func (p *problems) checkLoad(d *document) Load {
	l := Load{Connections: d.Load.Connections, Engine: d.Load.Engine}
	switch d.Load.Model {
	case "", "open":
	case "closed":
		l.Closed = true
	default:
		p.at("load.model", "%q is neither open nor closed", d.Load.Model)
	}
	switch d.Load.Arrivals {
	case "", "constant":
	case "poisson":
		l.Poisson = true
	default:
		p.at("load.arrivals", "%q is neither constant nor poisson", d.Load.Arrivals)
	}
	if l.Closed && d.Load.Arrivals != "" {
		p.at("load.arrivals", "a closed load has none: requests follow answers")
	}
	if l.Connections == 0 {
		l.Connections = defaultConnections
	}
	if l.Connections < 0 || l.Connections > mostConnections {
		p.at("load.connections", "use 1 to %d", mostConnections)
	}
	if l.Engine == "" {
		l.Engine = Engines[0]
	}
	if !slices.Contains(Engines, l.Engine) {
		p.at("load.engine", "%q is none of %s", l.Engine, strings.Join(Engines, ", "))
	}
	l.Think = p.checkDuration("load.think", d.Load.Think, 0)
	if l.Think > 0 && !l.Closed {
		p.at("load.think", "is for model: closed; an open load does not wait for answers")
	}
	l.Timeout = p.checkDuration("load.timeout", d.Load.Timeout, defaultTimeout)
	l.MaxLag = p.checkDuration("load.max_lag", d.Load.MaxLag, defaultMaxLag)
	return l
}

// checkDuration reads a duration above zero; a missing one is the default.
func (p *problems) checkDuration(field, text string, missing time.Duration) time.Duration {
	if text == "" {
		return missing
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		p.at(field, "%q is not a duration such as 30s or 5m", text)
	}
	return d
}

func (p *problems) checkPhase(at string, d *phase, s *Scenario) Phase {
	phase := Phase{Name: d.Name, WarmUp: d.WarmUp}
	if d.Name == "" {
		p.at(at+".name", "is missing")
	}
	phase.For = p.checkDuration(at+".for", d.For, 0)
	if d.For == "" {
		p.at(at+".for", "is missing: how long does the phase last")
	}
	phase.From, phase.To = p.checkRate(at, d, s.Load.Closed)
	if d.Storm != nil {
		phase.Storm = &Storm{Tenant: d.Storm.Tenant, Rate: d.Storm.Rate}
		p.checkRank(at+".storm.tenant", d.Storm.Tenant, s)
		if d.Storm.Rate <= 0 {
			p.at(at+".storm.rate", "must be above 0")
		}
		if s.Load.Closed {
			p.at(at+".storm", "is for model: open")
		}
	}
	if d.Migrate != nil {
		phase.Migrate = &Migrate{Tenant: d.Migrate.Tenant, To: d.Migrate.To}
		p.checkRank(at+".migrate.tenant", d.Migrate.Tenant, s)
		if d.Migrate.To == "" {
			p.at(at+".migrate.to", "is missing: which cell")
		}
		if s.Target.ControlPlane == "" {
			p.at(at+".migrate", "needs target.controlplane")
		}
	}
	return phase
}

func (p *problems) checkRank(field string, rank int, s *Scenario) {
	if rank < 0 || s.Tenants.Count > 0 && rank >= s.Tenants.Count {
		p.at(field, "there is no tenant of rank %d", rank)
	}
	if s.Tenants.File == "" && s.Tenants.Slugs == "" {
		p.at(field, "the scenario names no tenants")
	}
}

// checkRate reads rate, or users in a closed load, or from and to.
func (p *problems) checkRate(at string, d *phase, closed bool) (from, to float64) {
	name, steady, other, wrong := "rate", d.Rate, "users", d.Users
	if closed {
		name, steady, other, wrong = other, wrong, name, steady
	}
	if wrong != nil {
		p.at(at+"."+other, "this load counts in %s", name)
	}
	switch {
	case steady != nil && d.From == nil && d.To == nil:
		from, to = *steady, *steady
	case steady == nil && d.From != nil && d.To != nil:
		from, to = *d.From, *d.To
	default:
		p.at(at, "give either %s, or from and to", name)
		return 0, 0
	}
	const most = 1_000_000
	if from < 0 || to < 0 || from+to == 0 || from > most || to > most {
		p.at(at, "%s must be above 0 and at most %d", name, most)
	}
	return from, to
}

func (p *problems) checkStep(at string, d *step, s *Scenario) Step {
	step := Step{Name: d.Name, Kind: Kind(d.Step), Weight: d.Weight, Method: d.Method, Path: d.Path, Body: d.Body, Expect: d.Expect}
	if step.Name == "" {
		step.Name = d.Step
	}
	if !slices.Contains(kinds, step.Kind) {
		p.at(at+".step", "%q is none of %s", d.Step, list(kinds))
	}
	if step.Weight <= 0 {
		p.at(at+".weight", "must be above 0")
	}
	if step.Kind == HTTP {
		if step.Method == "" {
			step.Method = "GET"
		}
		if !strings.HasPrefix(step.Path, "/") {
			p.at(at+".path", "%q does not begin with /", step.Path)
		}
	} else if step.Method+step.Path+step.Body != "" {
		p.at(at, "method, path and body are for step: http")
	}
	for i, status := range step.Expect {
		if status < 100 || status > 599 {
			p.at(fmt.Sprintf("%s.expect[%d]", at, i), "%d is no status", status)
		}
	}
	if step.Kind == SignUp && s.Target.ControlPlane == "" {
		p.at(at+".step", "signup needs target.controlplane")
	}
	if step.NeedsKey() && s.Tenants.File == "" {
		p.at(at+".step", "%s needs tenants.file, with their keys", step.Kind)
	}
	return step
}

// checkNames refuses two of a name, since the report could not tell them apart.
func (p *problems) checkNames(s *Scenario) {
	seen := map[string]bool{}
	for i, phase := range s.Phases {
		if seen[phase.Name] {
			p.at(fmt.Sprintf("phases[%d].name", i), "there is another phase %q", phase.Name)
		}
		seen[phase.Name] = true
	}
	seen = map[string]bool{StormStep: true}
	for i, step := range s.Mix {
		if seen[step.Name] {
			p.at(fmt.Sprintf("mix[%d].name", i), "there is another step %q", step.Name)
		}
		seen[step.Name] = true
	}
}

func list(all []Kind) string {
	var b strings.Builder
	for i, k := range all {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(k))
	}
	return b.String()
}
