package plans

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/coditect/platform/shared/directory"
)

// ReadFile reads and checks a document.
func ReadFile(path string) (*Catalogue, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, text)
}

// Parse checks a document; file is its name in messages. The error joins every
// [Mistake].
func Parse(file string, text []byte) (*Catalogue, error) {
	m := &mistakes{file: file}
	if err := yaml.Unmarshal(text, &m.root); err != nil {
		m.decoded(err)
		return nil, errors.Join(m.all...)
	}
	var d document
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&d); err != nil && !errors.Is(err, io.EOF) {
		m.decoded(err)
		return nil, errors.Join(m.all...)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		m.at("", "more than one document")
	}
	c := m.catalogue(&d)
	if len(m.all) > 0 {
		return nil, errors.Join(m.all...)
	}
	return c, nil
}

const day = 24 * time.Hour

var (
	nameForm     = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,38}[a-z0-9]$`)
	planForm     = regexp.MustCompile(`^[a-z][a-z0-9-]*[a-z0-9]$`) // as the API has it
	currencyForm = regexp.MustCompile(`^[a-z]{3}$`)
	decimalForm  = regexp.MustCompile(`^[0-9]{1,9}(\.[0-9]{1,12})?$`) // Stripe's precision
)

// The metrics that cells record.
var metrics = []string{"api_calls", "seats", "storage_bytes", "jobs_done"}

const (
	maxTrialDays = 730        // Stripe's
	maxAmount    = 99_999_999 // Stripe's
)

func (m *mistakes) catalogue(d *document) *Catalogue {
	c := &Catalogue{
		Currency: d.Currency, DefaultPlan: d.DefaultPlan, AutomaticTax: d.AutomaticTax,
		Dunning: Dunning{Grace: time.Duration(d.Dunning.GraceDays) * day, ReadOnly: time.Duration(d.Dunning.ReadOnlyDays) * day},
	}
	if !currencyForm.MatchString(d.Currency) {
		m.at("currency", "use an ISO 4217 code in lower case, such as usd")
	}
	if d.Dunning.GraceDays < 0 {
		m.at("dunning.grace_days", "use 0 or more")
	}
	if d.Dunning.ReadOnlyDays < 0 {
		m.at("dunning.read_only_days", "use 0 or more")
	}
	m.meters(d, c)
	m.coupons(d, c)
	names := map[string]bool{}
	for i := range d.Plans {
		in, where := &d.Plans[i], fmt.Sprintf("plans[%d]", i)
		m.name(planForm, where+".name", in.Name, names)
		c.Plans = append(c.Plans, m.plan(where, in, c))
	}
	if free, ok := c.Plan(d.DefaultPlan); !ok {
		m.at("default_plan", "there is no plan %q", d.DefaultPlan)
	} else if len(free.Prices) > 0 {
		m.at("default_plan", "tenants that pay for none have this plan: it must not have prices")
	}
	return c
}

func (m *mistakes) meters(d *document, c *Catalogue) {
	names, taken := map[string]bool{}, map[string]bool{}
	for i, in := range d.Meters {
		where := fmt.Sprintf("meters[%d]", i)
		m.name(nameForm, where+".name", in.Name, names)
		meter := Meter{Name: in.Name, Title: in.Title, Metric: in.Metric, Unit: 1}
		if in.Unit != nil {
			meter.Unit = *in.Unit
		}
		switch {
		case !slices.Contains(metrics, in.Metric):
			m.at(where+".metric", "use one of %v", metrics)
		case taken[in.Metric]:
			m.at(where+".metric", "another meter counts it")
		}
		taken[in.Metric] = true
		if meter.Unit < 1 {
			m.at(where+".unit", "use 1 or more")
		}
		m.titled(where, in.Title)
		c.Meters = append(c.Meters, meter)
	}
}

func (m *mistakes) coupons(d *document, c *Catalogue) {
	names := map[string]bool{}
	for i, in := range d.Coupons {
		where := fmt.Sprintf("coupons[%d]", i)
		m.name(nameForm, where+".name", in.Name, names)
		m.titled(where, in.Title)
		if in.PercentOff < 1 || in.PercentOff > 100 {
			m.at(where+".percent_off", "use 1 to 100")
		}
		if in.Months < 0 {
			m.at(where+".months", "use 0 (for ever) or more")
		}
		c.Coupons = append(c.Coupons, Coupon{Name: in.Name, Title: in.Title, PercentOff: in.PercentOff, Months: in.Months})
	}
}

func (m *mistakes) plan(where string, in *planDocument, c *Catalogue) Plan {
	p := Plan{Name: in.Name, Title: in.Title, Tier: in.Tier, TrialDays: in.TrialDays}
	m.titled(where, in.Title)
	if in.Tier == "" {
		m.at(where+".tier", "say in which tier of cells its tenants live")
	}
	if in.TrialDays < 0 || in.TrialDays > maxTrialDays {
		m.at(where+".trial_days", "use 0 to %d", maxTrialDays)
	}
	for _, interval := range slices.Sorted(maps.Keys(in.Prices)) {
		at, amount := where+".prices."+interval, in.Prices[interval]
		if interval != string(Monthly) && interval != string(Yearly) {
			m.at(at, "use month or year")
		}
		if amount < 1 || amount > maxAmount {
			m.at(at, "use 1 to %d of the currency's smallest unit; a plan that costs nothing has no prices", maxAmount)
		}
		p.Prices = append(p.Prices, Price{Interval: Interval(interval), Amount: amount})
	}
	if len(p.Prices) == 0 && (in.TrialDays > 0 || len(in.Usage) > 0) {
		m.at(where, "a plan without prices has no trial and no usage that costs")
	}
	m.usage(where, in, c, &p)
	p.Entitlements = slices.Sorted(slices.Values(in.Entitlements))
	for i, feature := range in.Entitlements {
		if !nameForm.MatchString(feature) {
			m.at(fmt.Sprintf("%s.entitlements[%d]", where, i), "use 2 to 40 of a-z, 0-9, hyphen and underscore")
		}
	}
	m.limits(where, in, &p)
	return p
}

func (m *mistakes) usage(where string, in *planDocument, c *Catalogue, p *Plan) {
	seen := map[string]bool{}
	for i, u := range in.Usage {
		at := fmt.Sprintf("%s.usage[%d]", where, i)
		if _, ok := c.Meter(u.Meter); !ok {
			m.at(at+".meter", "there is no meter %q", u.Meter)
		}
		if seen[u.Meter] {
			m.at(at+".meter", "is priced twice")
		}
		seen[u.Meter] = true
		if u.Included < 0 {
			m.at(at+".included", "use 0 or more")
		}
		if !decimalForm.MatchString(u.Each) {
			m.at(at+".each", "use a decimal in quotes, such as \"0.002\", with at most 12 places")
		}
		p.Usage = append(p.Usage, UsagePrice{Meter: u.Meter, Included: u.Included, Each: u.Each})
	}
}

func (m *mistakes) limits(where string, in *planDocument, p *Plan) {
	seen := map[string]bool{}
	for i, l := range in.Limits {
		at := fmt.Sprintf("%s.limits[%d]", where, i)
		switch {
		case l.Class == "":
			m.at(at+".class", "name a route class, or * for all together")
		case seen[l.Class]:
			m.at(at+".class", "is limited twice")
		}
		seen[l.Class] = true
		if l.PerSecond < 0 || l.Burst < 0 || l.Concurrent < 0 || l.MaxBody < 0 {
			m.at(at, "limits must not be negative")
		}
		p.Limits = append(p.Limits, directory.Limit{Class: l.Class, PerSecond: l.PerSecond, Burst: l.Burst, Concurrent: l.Concurrent, MaxBody: l.MaxBody})
	}
}

func (m *mistakes) name(form *regexp.Regexp, field, name string, taken map[string]bool) {
	switch {
	case !form.MatchString(name) || len(name) > 40:
		m.at(field, "use 2 to 40 of a-z and 0-9 with hyphens or underscores inside")
	case taken[name]:
		m.at(field, "%q is there twice", name)
	}
	taken[name] = true
}

func (m *mistakes) titled(where, title string) {
	if title == "" {
		m.at(where+".title", "say what people read")
	}
}
