package policy

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/plans"
)

// Document is the JSON form of [Rules]. Without plans, those of the catalogue of
// what is offered hold (package plans); a document that has its own is for
// routers that stand alone.
type Document struct {
	DefaultPlan     string                 `json:"default_plan"` // for tenants whose plan is not listed
	Plans           map[string]Plan        `json:"plans"`
	Routes          []Route                `json:"routes"`
	Versions        []Version              `json:"versions"`
	RequestHeaders  *directory.HeaderRules `json:"request_headers"`
	ResponseHeaders *directory.HeaderRules `json:"response_headers"`
}

// Plan says what a tenant of the plan may ask for.
type Plan struct {
	Limits []directory.Limit `json:"limits"`
}

// Route gives requests a class. The longest prefix that fits decides.
type Route struct {
	Prefix  string   `json:"prefix"`            // whole path segments: "/v1/exports"
	Methods []string `json:"methods,omitempty"` // empty: all
	Class   string   `json:"class"`
	Public  bool     `json:"public,omitempty"` // the router asks for no credential; what the cell wants is the cell's
	Bulk    bool     `json:"bulk,omitempty"`   // the first to be refused when a cell is overloaded
	Unpaid  bool     `json:"unpaid,omitempty"` // served whatever is unpaid: it leads to paying
}

// Version is one version of the API.
type Version struct {
	Prefix     string    `json:"prefix"`              // "/v1"
	Deprecated time.Time `json:"deprecated,omitzero"` // RFC 9745
	Sunset     time.Time `json:"sunset,omitzero"`     // RFC 8594; from then on the router answers 410
	Link       string    `json:"link,omitempty"`      // to what a developer should read
}

//go:embed default.json
var defaultDocument string

// Default returns the rules that hold if none are given.
func Default() *Rules {
	rules, err := DefaultFor(plans.Default())
	if err != nil {
		panic("policy: the built-in rules: " + err.Error()) // a test reads them, too
	}
	return rules
}

// DefaultFor returns the same with the limits of a catalogue's plans, which may
// name only route classes that these rules have.
func DefaultFor(offered *plans.Catalogue) (*Rules, error) {
	return ParseFor(strings.NewReader(defaultDocument), offered)
}

// Parse reads and checks a document. Unknown members are errors: a limit that
// is misspelled would be no limit.
func Parse(r io.Reader) (*Rules, error) { return ParseFor(r, plans.Default()) }

// ParseFor is [Parse] with the plans of a catalogue for a document that has none.
func ParseFor(r io.Reader, offered *plans.Catalogue) (*Rules, error) {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	var d Document
	if err := decoder.Decode(&d); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	if decoder.More() {
		return nil, errors.New("policy: more than one document")
	}
	if d.Plans == nil && d.DefaultPlan == "" {
		d.take(offered)
	}
	if err := d.validate(); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return compile(&d), nil
}

// take fills in the plans that are offered.
func (d *Document) take(offered *plans.Catalogue) {
	d.DefaultPlan, d.Plans = offered.DefaultPlan, map[string]Plan{}
	for _, p := range offered.Plans {
		d.Plans[p.Name] = Plan{Limits: p.Limits}
	}
}

func (d *Document) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if _, ok := d.Plans[d.DefaultPlan]; !ok {
		bad("default_plan %q is not among the plans", d.DefaultPlan)
	}
	classes := map[string]bool{allClasses: true, otherClass: true}
	for i, r := range d.Routes {
		if !strings.HasPrefix(r.Prefix, "/") || r.Class == "" || r.Class == allClasses {
			bad("routes[%d]: want a prefix that begins with \"/\", and a class other than \"*\"", i)
		}
		classes[r.Class] = true
	}
	if len(classes) > maxClasses {
		bad("%d route classes: at most %d", len(classes), maxClasses)
	}
	for name, plan := range d.Plans {
		for _, l := range plan.Limits {
			if !classes[l.Class] {
				bad("plan %s limits class %q, which no route has", name, l.Class)
			}
			if l.PerSecond < 0 || l.Burst < 0 || l.Concurrent < 0 || l.MaxBody < 0 {
				bad("plan %s, class %s: limits must not be negative", name, l.Class)
			}
		}
	}
	for i, v := range d.Versions {
		if !isVersion(v.Prefix) {
			bad("versions[%d]: want a prefix such as \"/v1\", not %q", i, v.Prefix)
		}
		if !v.Sunset.IsZero() && v.Sunset.Before(v.Deprecated) {
			bad("version %s: sunset before it is deprecated", v.Prefix)
		}
	}
	return errors.Join(errs...)
}

// Rules are a document made ready to be asked. They are immutable.
type Rules struct {
	defaultPlan *plan
	plans       map[string]*plan
	classes     []string // by number
	routes      []route  // longest prefix first
	versions    []version
	Request     Headers
	Response    Headers
}

const maxClasses = 32

// Names of classes that exist without a route.
const (
	allClasses = "*"     // number 0: every class together
	otherClass = "other" // number 1: what no route names
)

func compile(d *Document) *Rules {
	r := &Rules{plans: map[string]*plan{}, classes: []string{allClasses, otherClass}}
	for _, in := range d.Routes {
		r.routes = append(r.routes, r.compileRoute(in))
	}
	slices.SortStableFunc(r.routes, func(a, b route) int { return len(b.prefix) - len(a.prefix) })
	for name, p := range d.Plans {
		r.plans[name] = r.compilePlan(p)
	}
	r.defaultPlan = r.plans[d.DefaultPlan]
	for _, v := range d.Versions {
		r.versions = append(r.versions, compileVersion(v))
	}
	r.Request, r.Response = CompileHeaders(d.RequestHeaders), CompileHeaders(d.ResponseHeaders)
	return r
}

// class returns the number of a class, giving it one if it has none.
func (r *Rules) class(name string) Class {
	i := slices.Index(r.classes, name)
	if i < 0 {
		i = len(r.classes)
		r.classes = append(r.classes, name)
	}
	return Class(i)
}
