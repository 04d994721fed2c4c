package scenario

import (
	"slices"
	"time"
)

// Scenario is a checked plan. Its fields' meaning and defaults are in the
// package's documentation.
type Scenario struct {
	Name       string      `json:"name"`
	Seed       uint64      `json:"seed"`
	Target     Target      `json:"target"`
	Tenants    Tenants     `json:"tenants"`
	Load       Load        `json:"load"`
	Phases     []Phase     `json:"phases"`
	Mix        []Step      `json:"mix"`
	Thresholds []Threshold `json:"thresholds"`
}

// Target is where requests go.
type Target struct {
	URL          string `json:"url"`                    // base URL of a router, or of any server
	Domain       string `json:"domain"`                 // tenants answer at {slug}.Domain; empty: at URL's own host
	ControlPlane string `json:"controlplane,omitempty"` // base URL, for sign-ups and migrations
}

// Choice is how the next request's tenant is chosen.
type Choice string

// The choices.
const (
	Uniform Choice = "uniform"
	Zipf    Choice = "zipf" // the tenant of rank r in proportion to 1/(1+r)^exponent
)

// Tenants says on whose behalf requests are sent.
type Tenants struct {
	File     string  `json:"file,omitempty"`  // what "loadtest seed" wrote
	Slugs    string  `json:"slugs,omitempty"` // or a pattern with one %d, for tenants without keys
	Count    int     `json:"count"`           // of the file, the first so many; 0: all
	Choose   Choice  `json:"choose"`
	Exponent float64 `json:"exponent,omitempty"`
}

// Load is how requests are sent.
type Load struct {
	Closed      bool          `json:"closed"`
	Poisson     bool          `json:"poisson"`
	Connections int           `json:"connections"`
	Think       time.Duration `json:"think"`
	Timeout     time.Duration `json:"timeout"`
	Engine      string        `json:"engine"`
	MaxLag      time.Duration `json:"max_lag"` // p99 of how late the generator itself was, beyond which a run is invalid
}

// Engines are the known ones, the default first.
var Engines = []string{"fasthttp", "net/http"}

// Phase is a part of the run. From and To are requests a second, or users in a
// closed load.
type Phase struct {
	Name    string        `json:"name"`
	For     time.Duration `json:"for"`
	From    float64       `json:"from"`
	To      float64       `json:"to"`
	WarmUp  bool          `json:"warmup,omitempty"` // in no total and no threshold
	Storm   *Storm        `json:"storm,omitempty"`
	Migrate *Migrate      `json:"migrate,omitempty"`
}

// Storm is one tenant's own stream during a phase.
type Storm struct {
	Tenant int     `json:"tenant"` // rank
	Rate   float64 `json:"rate"`
}

// Migrate moves a tenant when a phase begins.
type Migrate struct {
	Tenant int    `json:"tenant"` // rank
	To     string `json:"to"`     // cell
}

// Kind is what a step does.
type Kind string

// The kinds. Login is what an application asks first when a user has come:
// who am I. Cached is an answer that the cell has in memory.
const (
	SignUp    Kind = "signup"
	Login     Kind = "login"
	Read      Kind = "read"
	Write     Kind = "write"
	Create    Kind = "create"
	List      Kind = "list"
	Search    Kind = "search"
	Cached    Kind = "cached"
	WebSocket Kind = "websocket" // open, wait for the first event, close
	HTTP      Kind = "http"      // any request, by Method, Path and Body
)

var kinds = []Kind{SignUp, Login, Read, Write, Create, List, Search, Cached, WebSocket, HTTP}

// Step is one kind of request of the mix.
type Step struct {
	Name   string  `json:"name"`
	Kind   Kind    `json:"kind"`
	Weight float64 `json:"weight"`
	Method string  `json:"method,omitempty"`
	Path   string  `json:"path,omitempty"`
	Body   string  `json:"body,omitempty"`
	Expect []int   `json:"expect,omitempty"` // statuses that are no error; empty: 200 to 299
}

// NeedsProject reports whether the step works on a project of its tenant.
func (s Step) NeedsProject() bool { return s.Kind == Read || s.Kind == Write || s.Kind == Create }

// NeedsKey reports whether the step acts as a user of its tenant.
func (s Step) NeedsKey() bool { return s.Kind != SignUp && s.Kind != HTTP }

// NeedsControlPlane reports whether tenants are signed up or moved.
func (s *Scenario) NeedsControlPlane() bool {
	return slices.ContainsFunc(s.Mix, func(step Step) bool { return step.Kind == SignUp }) ||
		slices.ContainsFunc(s.Phases, func(p Phase) bool { return p.Migrate != nil })
}

// Duration is how long all phases take.
func (s *Scenario) Duration() (sum time.Duration) {
	for _, p := range s.Phases {
		sum += p.For
	}
	return sum
}

// Storms reports whether any phase has one.
func (s *Scenario) Storms() bool {
	for _, p := range s.Phases {
		if p.Storm != nil {
			return true
		}
	}
	return false
}

// StormStep is the name under which storms are recorded.
const StormStep = "storm"

// Steps names what is recorded apart: the mix, and a storm's requests last.
func (s *Scenario) Steps() []string {
	var names []string
	for _, step := range s.Mix {
		names = append(names, step.Name)
	}
	if s.Storms() {
		names = append(names, StormStep)
	}
	return names
}
