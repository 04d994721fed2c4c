package plans

import (
	_ "embed"
	"slices"
	"time"

	"github.com/coditect/platform/shared/directory"
)

// Catalogue is a checked document. It is immutable.
type Catalogue struct {
	Currency     string // ISO 4217, lower case
	DefaultPlan  string // of tenants that pay for none
	AutomaticTax bool
	Dunning      Dunning
	Meters       []Meter
	Coupons      []Coupon
	Plans        []Plan // from the least to the most
}

// Dunning says how long an unpaid tenant keeps what.
type Dunning struct {
	Grace    time.Duration // full access
	ReadOnly time.Duration // and then reading only, before nothing
}

// Meter is something that is counted and may cost.
type Meter struct {
	Name   string
	Title  string
	Metric string // of the cells' usage records
	Unit   int64  // of the metric, of which one is counted; begun ones count
}

// Units is how many units a recorded quantity comes to.
func (m Meter) Units(quantity int64) int64 { return (quantity + m.Unit - 1) / m.Unit }

// Coupon is a discount that may be given.
type Coupon struct {
	Name       string
	Title      string
	PercentOff int
	Months     int // 0: for ever
}

// Interval is how often a price is due.
type Interval string

// The intervals.
const (
	Monthly Interval = "month"
	Yearly  Interval = "year"
)

// Plan is one plan.
type Plan struct {
	Name         string
	Title        string
	Tier         string // of the cells that its tenants live in
	TrialDays    int
	Prices       []Price // none: the plan costs nothing
	Usage        []UsagePrice
	Entitlements []string // features, sorted
	Limits       []directory.Limit
}

// Price is what a plan costs each interval.
type Price struct {
	Interval Interval
	Amount   int64
}

// UsagePrice is what a plan's usage costs beyond what is included in a month.
type UsagePrice struct {
	Meter    string
	Included int64
	Each     string // decimal, in the currency's smallest unit
}

//go:embed plans.yaml
var builtIn []byte

// Default returns the catalogue that holds if none is given.
func Default() *Catalogue {
	c, err := Parse("plans.yaml", builtIn)
	if err != nil {
		panic("plans: the embedded document: " + err.Error()) // a test reads it, too
	}
	return c
}

// Plan finds a plan by its name.
func (c *Catalogue) Plan(name string) (Plan, bool) {
	i := c.rank(name)
	if i < 0 {
		return Plan{}, false
	}
	return c.Plans[i], true
}

// Upgrade reports whether a change from one plan to another is one to more.
func (c *Catalogue) Upgrade(from, to string) bool { return c.rank(to) > c.rank(from) }

func (c *Catalogue) rank(name string) int {
	return slices.IndexFunc(c.Plans, func(p Plan) bool { return p.Name == name })
}

// Meter finds a meter by its name.
func (c *Catalogue) Meter(name string) (Meter, bool) {
	i := slices.IndexFunc(c.Meters, func(m Meter) bool { return m.Name == name })
	if i < 0 {
		return Meter{}, false
	}
	return c.Meters[i], true
}

// MeterOf finds the meter of a metric of the cells' records.
func (c *Catalogue) MeterOf(metric string) (Meter, bool) {
	i := slices.IndexFunc(c.Meters, func(m Meter) bool { return m.Metric == metric })
	if i < 0 {
		return Meter{}, false
	}
	return c.Meters[i], true
}

// Price returns what a plan costs each interval, if it is sold so.
func (p Plan) Price(interval Interval) (Price, bool) {
	i := slices.IndexFunc(p.Prices, func(x Price) bool { return x.Interval == interval })
	if i < 0 {
		return Price{}, false
	}
	return p.Prices[i], true
}

// Entitled reports whether the plan has a feature.
func (p Plan) Entitled(feature string) bool {
	_, found := slices.BinarySearch(p.Entitlements, feature)
	return found
}
