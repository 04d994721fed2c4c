package billing

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
)

// Stock is what Stripe offers: ours and what others put there.
type Stock struct {
	Meters   []StockMeter
	Products []StockProduct
	Prices   []StockPrice
	Coupons  []StockCoupon
}

// StockMeter is a meter. Ours are known by their event names, which begin with
// [MeterPrefix]: meters carry no mark.
type StockMeter struct {
	ID, Event, Title string
	Active           bool
}

// StockProduct is a product.
type StockProduct struct {
	ID, Title string
	Active    bool
	Ours      bool
}

// StockPrice is a price. It never changes but for Active.
type StockPrice struct {
	ID, Key  string // Key is the lookup key
	Product  string
	Plan     string
	Interval plans.Interval
	Currency string
	Amount   int64  // licensed
	Meter    string // metered: the meter's event name
	Included int64
	Each     string
	Active   bool
	Ours     bool
}

// StockCoupon is a coupon.
type StockCoupon struct {
	ID, Title  string
	PercentOff int
	Months     int
	Ours       bool
}

// MeterPrefix begins the event names of our meters.
const MeterPrefix = "coditect_"

// EventName is the name of a meter's events.
func EventName(meter string) string { return MeterPrefix + meter }

// Keys and ids of what the catalogue says, by which it is found again.
func planProduct(plan string) string   { return "coditect_plan_" + plan }
func meterProduct(meter string) string { return "coditect_meter_" + meter }

// PlanKey is the lookup key of a plan's price.
func PlanKey(plan string, interval plans.Interval) string {
	return fmt.Sprintf("plan:%s:%s", plan, interval)
}

// UsageKey is the lookup key of a price by usage.
func UsageKey(plan, meter string, interval plans.Interval) string {
	return fmt.Sprintf("usage:%s:%s:%s", plan, meter, interval)
}

// StepKind is what a step does.
type StepKind string

// The kinds of steps.
const (
	StepCreate  StepKind = "create"
	StepUpdate  StepKind = "update"
	StepReplace StepKind = "replace" // with another of the same name: those who have the old one keep it
	StepArchive StepKind = "archive" // not for sale any more
)

// Step is one change of what Stripe offers. Exactly one of the last four is set:
// as it is to be. Old is the id of what is updated, replaced or archived.
type Step struct {
	Kind    StepKind
	What    string // for people
	Old     string
	Meter   *StockMeter
	Product *StockProduct
	Price   *StockPrice
	Coupon  *StockCoupon
}

// Shelf is what Stripe offers, to be read and changed. The consumer's own
// interface, since use-cases do not know Stripe.
type Shelf interface {
	Stock(ctx context.Context) (Stock, error)
	Apply(ctx context.Context, s Step) error
}

// Wanted is the stock that a catalogue asks for.
func Wanted(c *plans.Catalogue) Stock {
	var w Stock
	for _, m := range c.Meters {
		w.Meters = append(w.Meters, StockMeter{Event: EventName(m.Name), Title: m.Title, Active: true})
		w.Products = append(w.Products, StockProduct{ID: meterProduct(m.Name), Title: m.Title, Active: true, Ours: true})
	}
	for _, p := range c.Plans {
		if len(p.Prices) == 0 {
			continue
		}
		w.Products = append(w.Products, StockProduct{ID: planProduct(p.Name), Title: p.Title, Active: true, Ours: true})
		for _, price := range p.Prices {
			w.Prices = append(w.Prices, StockPrice{
				Key: PlanKey(p.Name, price.Interval), Product: planProduct(p.Name), Plan: p.Name, Interval: price.Interval, Currency: c.Currency,
				Amount: price.Amount, Active: true, Ours: true,
			})
			for _, u := range p.Usage {
				w.Prices = append(w.Prices, usagePrice(c, p, u, price.Interval))
			}
		}
	}
	for _, k := range c.Coupons {
		w.Coupons = append(w.Coupons, StockCoupon{ID: k.Name, Title: k.Title, PercentOff: k.PercentOff, Months: k.Months, Ours: true})
	}
	return w
}

func usagePrice(c *plans.Catalogue, p plans.Plan, u plans.UsagePrice, interval plans.Interval) StockPrice {
	return StockPrice{
		Key: UsageKey(p.Name, u.Meter, interval), Product: meterProduct(u.Meter), Plan: p.Name, Interval: interval, Currency: c.Currency,
		Meter: EventName(u.Meter), Included: includedIn(u, interval), Each: canonical(u.Each), Active: true, Ours: true,
	}
}

// canonical is the one form of a decimal that the catalogue allows.
func canonical(decimal string) string {
	x, err := strconv.ParseFloat(decimal, 64)
	if err != nil {
		return decimal
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

// Compare returns the steps that make Stripe's stock equal to the catalogue, in
// the order in which they have to be taken. What is not ours is never touched;
// something of that kind under a name that we need is a fault.
func Compare(c *plans.Catalogue, now Stock) ([]Step, error) {
	w, f := Wanted(c), fault.New(fault.Conflict, "something that is not ours has a name that the catalogue needs")
	steps := slices.Concat(compareMeters(w, now), compareProducts(w, now, f), comparePrices(w, now, f), compareCoupons(w, now, f), archive(w, now))
	if len(f.Violations) > 0 {
		return nil, f
	}
	return steps, nil
}

func compareMeters(w, now Stock) (steps []Step) {
	for _, m := range w.Meters {
		i := slices.IndexFunc(now.Meters, func(x StockMeter) bool { return x.Event == m.Event && x.Active })
		if i < 0 {
			i = slices.IndexFunc(now.Meters, func(x StockMeter) bool { return x.Event == m.Event })
		}
		switch {
		case i < 0:
			steps = append(steps, Step{Kind: StepCreate, What: "meter " + m.Event, Meter: &m})
		case now.Meters[i].Title != m.Title || !now.Meters[i].Active:
			old := now.Meters[i]
			m.ID = old.ID
			steps = append(steps, Step{Kind: StepUpdate, What: "meter " + m.Event, Old: old.ID, Meter: &m})
		}
	}
	return steps
}

func compareProducts(w, now Stock, f *fault.Error) (steps []Step) {
	for _, p := range w.Products {
		i := slices.IndexFunc(now.Products, func(x StockProduct) bool { return x.ID == p.ID })
		switch {
		case i < 0:
			steps = append(steps, Step{Kind: StepCreate, What: "product " + p.ID, Product: &p})
		case !now.Products[i].Ours:
			_ = f.At("product "+p.ID, "rename it at Stripe, or mark it as ours")
		case now.Products[i] != p:
			steps = append(steps, Step{Kind: StepUpdate, What: "product " + p.ID, Old: p.ID, Product: &p})
		}
	}
	return steps
}

func comparePrices(w, now Stock, f *fault.Error) (steps []Step) {
	for _, p := range w.Prices {
		i := slices.IndexFunc(now.Prices, func(x StockPrice) bool { return x.Key == p.Key })
		if i < 0 {
			steps = append(steps, Step{Kind: StepCreate, What: "price " + p.Key + p.terms(), Price: &p})
			continue
		}
		old := now.Prices[i]
		same := p
		same.ID = old.ID
		switch {
		case !old.Ours:
			_ = f.At("price "+p.Key, "take its lookup key away at Stripe, or mark it as ours")
		case old != same:
			steps = append(steps, Step{Kind: StepReplace, What: "price " + p.Key + old.terms() + " with" + p.terms(), Old: old.ID, Price: &p})
		}
	}
	return steps
}

func (p StockPrice) terms() string {
	if p.Meter != "" {
		return fmt.Sprintf(" (%s %s each above %d)", p.Each, p.Currency, p.Included)
	}
	return fmt.Sprintf(" (%d.%02d %s)", p.Amount/100, p.Amount%100, p.Currency)
}

func compareCoupons(w, now Stock, f *fault.Error) (steps []Step) {
	for _, k := range w.Coupons {
		i := slices.IndexFunc(now.Coupons, func(x StockCoupon) bool { return x.ID == k.ID })
		if i < 0 {
			steps = append(steps, Step{Kind: StepCreate, What: "coupon " + k.ID, Coupon: &k})
			continue
		}
		old := now.Coupons[i]
		switch {
		case !old.Ours:
			_ = f.At("coupon "+k.ID, "rename it at Stripe, or mark it as ours")
		case old.PercentOff != k.PercentOff || old.Months != k.Months:
			steps = append(steps, Step{Kind: StepReplace, What: "coupon " + k.ID, Old: k.ID, Coupon: &k})
		case old.Title != k.Title:
			steps = append(steps, Step{Kind: StepUpdate, What: "coupon " + k.ID, Old: k.ID, Coupon: &k})
		}
	}
	return steps
}

// archive takes from sale what is ours and is not in the catalogue any more.
func archive(w, now Stock) (steps []Step) {
	for _, p := range now.Prices {
		if p.Ours && p.Active && !slices.ContainsFunc(w.Prices, func(x StockPrice) bool { return x.Key == p.Key }) {
			steps = append(steps, Step{Kind: StepArchive, What: "price " + strings.TrimSpace(p.Key+" "+p.ID), Old: p.ID, Price: &p})
		}
	}
	for _, p := range now.Products {
		if p.Ours && p.Active && !slices.ContainsFunc(w.Products, func(x StockProduct) bool { return x.ID == p.ID }) {
			steps = append(steps, Step{Kind: StepArchive, What: "product " + p.ID, Old: p.ID, Product: &p})
		}
	}
	for _, k := range now.Coupons {
		if k.Ours && !slices.ContainsFunc(w.Coupons, func(x StockCoupon) bool { return x.ID == k.ID }) {
			steps = append(steps, Step{Kind: StepArchive, What: "coupon " + k.ID, Old: k.ID, Coupon: &k})
		}
	}
	for _, m := range now.Meters {
		if m.Active && strings.HasPrefix(m.Event, MeterPrefix) && !slices.ContainsFunc(w.Meters, func(x StockMeter) bool { return x.Event == m.Event }) {
			steps = append(steps, Step{Kind: StepArchive, What: "meter " + m.Event, Old: m.ID, Meter: &m})
		}
	}
	return steps
}
