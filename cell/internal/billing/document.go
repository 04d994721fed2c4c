package billing

import "time"

// What the control plane answers and is asked (controlplane/api/openapi.yaml), in
// as much of it as tenants are shown.

// Account is what a tenant pays for and how it stands with its bills. Amounts
// are in the currency's smallest unit.
type Account struct {
	Amount      *int64     `json:"amount"`  // each interval
	Blocked     *string    `json:"blocked"` // why the tenant does not have the plan that it pays for
	Cancelling  *bool      `json:"cancelling"`
	Coupon      *string    `json:"coupon"`
	Currency    *string    `json:"currency"`
	EndedAt     *time.Time `json:"ended_at"`
	Interval    *string    `json:"interval"`
	NextPlan    *string    `json:"next_plan"` // from PeriodEnd on
	Owed        *int64     `json:"owed"`
	OwedSince   *time.Time `json:"owed_since"`
	PeriodEnd   *time.Time `json:"period_end"`
	PeriodStart *time.Time `json:"period_start"`
	Plan        *string    `json:"plan"` // nil: nothing was ever subscribed to
	Standing    string     `json:"standing"`
	Status      *string    `json:"status"`
	SyncedAt    *time.Time `json:"synced_at"`
	TrialEnd    *time.Time `json:"trial_end"`
}

// Usage is what was used of what the plan counts.
type Usage struct {
	PeriodStart *time.Time `json:"period_start"` // nil: nothing is subscribed to
	PeriodEnd   *time.Time `json:"period_end"`
	Meters      []Meter    `json:"meters"`
}

// Meter is one thing that is counted.
type Meter struct {
	Each     string `json:"each"` // of a unit above Included, a decimal
	Included int64  `json:"included"`
	Meter    string `json:"meter"`
	Title    string `json:"title"`
	Used     int64  `json:"used"`
}

// Invoice is one invoice.
type Invoice struct {
	CreatedAt   time.Time  `json:"created_at"`
	Currency    string     `json:"currency"`
	ID          string     `json:"id"`
	Number      string     `json:"number"`
	Owed        int64      `json:"owed"`
	Pdf         *string    `json:"pdf"`
	PeriodEnd   *time.Time `json:"period_end"`
	PeriodStart *time.Time `json:"period_start"`
	Refunded    *Refunded  `json:"refunded"` // nil: nothing
	Status      string     `json:"status"`
	Total       int64      `json:"total"`
	URL         *string    `json:"url"` // where it is seen and paid
}

// Refunded is what went back of an invoice, all in all, and when for the last time.
type Refunded struct {
	Amount   int64     `json:"amount"`
	At       time.Time `json:"at"`
	Currency string    `json:"currency"`
}

// Offer is everything that can be bought, from the least to the most.
type Offer struct {
	Currency string `json:"currency"`
	Plans    []Plan `json:"plans"`
}

// Plan is one of them.
type Plan struct {
	Entitlements []string `json:"entitlements"`
	Name         string   `json:"name"`
	Prices       []Price  `json:"prices"` // none: it costs nothing
	Title        string   `json:"title"`
	TrialDays    int      `json:"trial_days"`
	Usage        []Rate   `json:"usage"`
}

// Price is what a plan costs each interval.
type Price struct {
	Amount   int64  `json:"amount"`
	Interval string `json:"interval"`
}

// Rate is what a plan's usage costs.
type Rate struct {
	Each     string `json:"each"`
	Included int64  `json:"included"` // in a month
	Meter    string `json:"meter"`
}

// Order is a plan that is wanted.
type Order struct {
	Plan     string `json:"plan"`
	Interval string `json:"interval"`
}

// Quote is what a change would cost.
type Quote struct {
	At       time.Time `json:"at"`
	Currency string    `json:"currency"`
	Next     int64     `json:"next"`
	Now      int64     `json:"now"` // negative: a credit
	When     string    `json:"when"`
}

// Purchase is an order at the provider's page, and where that leads back to.
type Purchase struct {
	Order
	Coupon     string `json:"coupon,omitempty"`
	SuccessURL string `json:"success_url"`
	CancelURL  string `json:"cancel_url"`
}

// page is the address of a page of the provider's.
type page struct {
	URL string `json:"url"`
}
