package billing

import (
	"context"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
)

// Looker says what is true at Stripe. The consumer's own interface, as those
// below, because use-cases do not know Stripe, and so that tests can come between.
type Looker interface {
	Look(ctx context.Context, customer string) (Facts, error)
}

// Syncs keeps orders to sync, and what came of them.
type Syncs interface {
	ClaimSyncs(ctx context.Context, now, until time.Time, limit int) ([]controlplane.BillingSync, error)
	// Settle makes the account, the refunds and the tenant be as they are said
	// to be, if the order's token is still the newest and the tenant's version is
	// the one that it was derived from; else a fault (stale). again is when the account is looked
	// at next, unless there is a newer order.
	Settle(ctx context.Context, o controlplane.BillingSync, s controlplane.Settlement) error
	RetrySync(ctx context.Context, o controlplane.BillingSync, at time.Time) error
}

// Tenants reads tenants.
type Tenants interface {
	Get(ctx context.Context, id tenancy.ID) (controlplane.Tenant, error)
}

// Cells knows the cells' tiers.
type Cells interface {
	Get(ctx context.Context, id string) (controlplane.Cell, error)
}

// Inboxes keep events, each once.
type Inboxes interface {
	Receive(ctx context.Context, source string, events []controlplane.BillingEvent) (fresh int, err error)
	Reconciled(ctx context.Context) (upTo time.Time, err error)
	SetReconciled(ctx context.Context, upTo time.Time) error
}

// Lister lists what has happened at Stripe.
type Lister interface {
	EventsSince(ctx context.Context, since time.Time, each func([]controlplane.BillingEvent) error) error
}

// Accounts keeps accounts.
type Accounts interface {
	Account(ctx context.Context, id tenancy.ID) (controlplane.BillingAccount, error)
	// OpenAccount makes an account, or has the one that there is be another
	// customer's, if it is still that of the one before.
	OpenAccount(ctx context.Context, id tenancy.ID, customer, before string) (controlplane.BillingAccount, error)
	OrderSync(ctx context.Context, id tenancy.ID) error
	Refunds(ctx context.Context, id tenancy.ID) ([]controlplane.Refund, error)
}

// UsageSums adds up what the ledger has of a tenant.
type UsageSums interface {
	UsedSince(ctx context.Context, id tenancy.ID, meters []string, since time.Time) (map[string]int64, error)
}

// Purchase is what a tenant is sent to Checkout for.
type Purchase struct {
	Customer   string
	Tenant     tenancy.ID
	Plan       plans.Plan
	Interval   plans.Interval
	Trial      bool
	Coupon     string
	Tax        bool
	SuccessURL string
	CancelURL  string
}

// Preview is what a change would cost.
type Preview struct {
	Now      int64 // due at once; negative: a credit
	Next     int64 // the next regular invoice, as far as it is known
	At       time.Time
	Currency string
}

// Seller does what tenants ask of Stripe. Prices are found by plan and interval.
type Seller interface {
	// CreateCustomer makes the customer that follows another, "" for the first.
	CreateCustomer(ctx context.Context, t controlplane.Tenant, before string) (customer string, err error)
	Checkout(ctx context.Context, p Purchase) (url string, err error)
	Portal(ctx context.Context, customer, returnURL string) (url string, err error)
	Invoices(ctx context.Context, customer string, limit int) ([]controlplane.Invoice, error)
}

// Changer changes subscriptions.
type Changer interface {
	PreviewChange(ctx context.Context, s Subscription, p plans.Plan, interval plans.Interval) (Preview, error)
	ChangeNow(ctx context.Context, s Subscription, p plans.Plan, interval plans.Interval) error
	ChangeAtRenewal(ctx context.Context, s Subscription, p plans.Plan, interval plans.Interval) error
	KeepPlan(ctx context.Context, s Subscription) error // undoes ChangeAtRenewal
	SetCancelling(ctx context.Context, s Subscription, cancelling bool) error
	CancelNow(ctx context.Context, s Subscription) error
}

// Discounter gives coupons; apart from Changer for its size.
type Discounter interface {
	GiveCoupon(ctx context.Context, s Subscription, coupon string) error
}
