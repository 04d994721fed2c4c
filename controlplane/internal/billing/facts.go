package billing

import (
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/plans"
)

// Facts are what Stripe says of one customer at one time.
type Facts struct {
	Gone          bool // the customer was deleted there
	Subscriptions []Subscription
	Open          []OpenInvoice
	Refunds       []controlplane.Refund
}

// Subscription is one subscription, live or ended.
type Subscription struct {
	ID, Status string
	Created    time.Time
	Plan       string // of its price; "" if it is none of ours
	Interval   plans.Interval
	Amount     int64 // of the licensed price each interval
	Currency   string
	PercentOff float64
	Coupon     string
	Metered    bool // has a price by usage
	TrialEnd   time.Time
	PeriodFrom time.Time
	PeriodEnd  time.Time
	Cancelling bool
	EndedAt    time.Time
	NextPlan   string // that its schedule changes to; "" without one
	Schedule   string
	Items      []Item
}

// Item is one price that is subscribed to.
type Item struct {
	ID    string
	Price string
	Meter string // Stripe's id of it; "" for the plan's own price
}

// OpenInvoice is an invoice that is final and not paid.
type OpenInvoice struct {
	Due   time.Time // when it was made final
	Owed  int64
	Tried bool // payment was tried, in vain
}
