package controlplane

import (
	"time"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
)

// Standing says how a tenant stands with its bills.
//
//	good ──unpaid──▶ grace ──▶ read_only ──▶ suspended
//	  ▲───────────────┴───────────┴──────────────┘  paid, voided or written off: at once
type Standing string

// The standings, from the best to the worst.
const (
	StandingGood      Standing = "good"
	StandingGrace     Standing = "grace"     // an invoice is unpaid; nothing has changed yet
	StandingReadOnly  Standing = "read_only" // and has been for the time of grace
	StandingSuspended Standing = "suspended"
)

// Standings lists them all.
var Standings = []Standing{StandingGood, StandingGrace, StandingReadOnly, StandingSuspended}

// Access returns what the standing leaves a tenant.
func (s Standing) Access() directory.Access {
	switch s {
	case StandingReadOnly:
		return directory.ReadOnly
	case StandingSuspended:
		return directory.NoAccess
	}
	return directory.FullAccess
}

// BillingAccount is what is known of a tenant's billing, as of its last sync. It
// is derived from Stripe's state alone (package billing), so it can be lost and
// is never edited.
type BillingAccount struct {
	TenantID tenancy.ID `json:"-"`
	Customer string     `json:"-"` // Stripe's id

	Subscription string         `json:"subscription,omitempty"` // of the one that counts; ended ones too
	Status       string         `json:"status,omitempty"`       // Stripe's: trialing, active, past_due, …; "" without one
	Plan         string         `json:"plan,omitempty"`         // "": none was ever subscribed to
	Interval     plans.Interval `json:"interval,omitempty"`
	Amount       int64          `json:"amount,omitempty"` // each interval, after discounts, before tax
	Currency     string         `json:"currency,omitempty"`
	Coupon       string         `json:"coupon,omitempty"`
	NextPlan     string         `json:"next_plan,omitempty"` // from the end of the period on
	Schedule     string         `json:"schedule,omitempty"`  // that makes it so
	TrialEnd     time.Time      `json:"trial_end,omitzero"`
	PeriodStart  time.Time      `json:"period_start,omitzero"`
	PeriodEnd    time.Time      `json:"period_end,omitzero"`
	Cancelling   bool           `json:"cancelling,omitempty"` // at the end of the period
	EndedAt      time.Time      `json:"ended_at,omitzero"`
	Metered      bool           `json:"metered,omitempty"` // usage is billed

	Standing  Standing  `json:"standing"`
	Owed      int64     `json:"owed,omitempty"` // of the invoices that were tried in vain
	OwedSince time.Time `json:"owed_since,omitzero"`

	ReviewAt time.Time `json:"review_at,omitzero"` // when time alone changes something
	SyncedAt time.Time `json:"-"`                  // zero: never
	Blocked  string    `json:"blocked,omitempty"`  // why the tenant does not have the plan that it pays for
}

// Live reports whether a subscription runs.
func (a BillingAccount) Live() bool {
	switch a.Status {
	case "trialing", "active", "past_due", "unpaid", "paused":
		return true
	}
	return false
}

// MonthlyRevenue is what the subscription brings a month; trials bring nothing.
func (a BillingAccount) MonthlyRevenue() int64 {
	switch {
	case a.Status != "active" && a.Status != "past_due":
		return 0
	case a.Interval == plans.Yearly:
		return a.Amount / 12
	}
	return a.Amount
}

// Refund is money that went back.
type Refund struct {
	Charge     string // Stripe's id
	Invoice    string // that the charge paid; "": none
	Amount     int64  // all in all
	Currency   string
	PaidAt     time.Time // the charge
	RefundedAt time.Time // for the last time
}

// Invoice is one invoice of a tenant.
type Invoice struct {
	ID, Number, Status     string
	Total, Owed            int64
	Currency               string
	Created                time.Time
	PeriodStart, PeriodEnd time.Time
	URL, PDF               string // where Stripe shows it
	Refund                 Refund // of what was paid; its amount is 0 where nothing went back
}

// BillingSync is an order to bring a tenant's account up to date.
type BillingSync struct {
	TenantID tenancy.ID
	Customer string
	Number   int64 // of the orders for the tenant
	Token    int64 // fences who carries it out
	Tries    int
}

// Settlement is what a sync comes to.
type Settlement struct {
	Account BillingAccount
	Refunds []Refund
	Tenant  Tenant // as it is to be
	Changed bool   // is the tenant to be changed?
	Again   time.Time
}

// ErrTenantChanged says that a tenant is not of the version from which a
// settlement was derived.
var ErrTenantChanged = fault.New(fault.Stale, "the tenant has changed meanwhile")

// BillingEvent is a webhook as it is kept: what it was about. What it said is
// not: by the time it is worked on, Stripe says more truly.
type BillingEvent struct {
	ID, Type, Customer string
	Created            time.Time
}

// UsageHead says how far a tenant's usage has come in one epoch, in a cell or in
// the ledger.
type UsageHead struct {
	Tenant   tenancy.ID
	Epoch    uint64
	Sequence int64
}

// UsageRow is one record of a cell, by the number under which it counts once.
type UsageRow struct {
	Sequence int64
	Metric   string
	Quantity int64
}

// MeterEvent is usage as Stripe is told it, once.
type MeterEvent struct {
	Identifier string // the same however often it is sent
	Tenant     tenancy.ID
	Customer   string
	Meter      string
	Value      int64
	At         time.Time // to which it counts; no other of the meter is in the same minute
	FirstTry   time.Time // zero: it was never sent
}
