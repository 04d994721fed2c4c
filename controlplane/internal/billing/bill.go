package billing

import (
	"context"
	"time"

	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
)

// Bill is what a tenant has used of what its plan counts, in the period that
// runs.
type Bill struct {
	From, To time.Time // zero: nothing is subscribed to
	Usage    []MeteredUsage
}

// MeteredUsage is one meter of a tenant's plan.
type MeteredUsage struct {
	Meter, Title   string
	Used, Included int64
	Each           string // what a unit above Included costs: a decimal, in the currency's smallest unit
}

// Bill says how far a tenant's usage of this period has come, by the ledger. A
// tenant whose subscription does not run, or whose usage is not billed, has none.
func (d Desk) Bill(ctx context.Context, id tenancy.ID) (Bill, error) {
	a, err := d.Show(ctx, id)
	if err != nil || !a.Live() {
		return Bill{}, err
	}
	bill := Bill{From: a.PeriodStart, To: a.PeriodEnd}
	plan, ok := d.Offered.Plan(a.Plan)
	if !ok || !a.Metered {
		return bill, nil
	}
	meters := make([]string, len(plan.Usage))
	for i, u := range plan.Usage {
		meters[i] = u.Meter
	}
	used, err := d.Used.UsedSince(ctx, id, meters, a.PeriodStart)
	if err != nil {
		return bill, err
	}
	for _, u := range plan.Usage {
		bill.Usage = append(bill.Usage, MeteredUsage{Meter: u.Meter, Title: d.title(u.Meter), Used: used[u.Meter], Included: includedIn(u, a.Interval), Each: u.Each})
	}
	return bill, nil
}

func (d Desk) title(meter string) string {
	for _, m := range d.Offered.Meters {
		if m.Name == meter {
			return m.Title
		}
	}
	return meter
}

// includedIn is what a price by usage includes in each period of an interval.
func includedIn(u plans.UsagePrice, interval plans.Interval) int64 {
	if interval == plans.Yearly {
		return 12 * u.Included
	}
	return u.Included
}
