package stripe_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/controlplane/internal/stripe"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

const root = "../../.."

// mock is Stripe's own mock, which knows every parameter of its API and nothing
// of what was said before. It is built once, from its module.
func mock(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "deploy/tools/stripe-mock/go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`stripe/stripe-mock (v\S+)`).FindSubmatch(text)[1]
	program, err := filepath.Abs(filepath.Join(root, ".local/tools/stripe-mock-"+string(version)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		build := exec.CommandContext(t.Context(), "go", "-C", filepath.Join(root, "deploy/tools/stripe-mock"), "build", "-o", program, "github.com/stripe/stripe-mock")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build stripe-mock: %v\n%s", err, out)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-http-addr", address)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	url := "http://" + address
	testkit.EventuallyOK(t, "stripe-mock answers", func() error {
		resp, err := http.Get(url + "/v1/customers")
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	})
	return url
}

// Every call has the shape that Stripe's document asks for: unknown parameters,
// missing ones and wrong types are refused by the mock. But for one: the mock's
// document is younger than our API version, and previews of invoices have
// another address in it.
func TestEveryCallHasStripesShape(t *testing.T) {
	t.Parallel()
	c := stripe.New(stripe.Options{Key: "sk_test_123", URL: mock(t)})
	t.Cleanup(c.Close)
	meters := stripe.NewMeters(c)
	ctx, tenant := t.Context(), controlplane.Tenant{Organization: "Acme"}
	tenant.TenantID = tenancy.NewID()
	s := billing.Subscription{ID: "sub_1", Schedule: "sub_sched_1", Items: []billing.Item{{ID: "si_1", Price: "price_1"}, {ID: "si_2", Price: "price_2", Meter: "mtr_1"}}}
	// The mock lists one price whatever is asked for, so plans have that one here.
	plan := plans.Plan{Name: "team", TrialDays: 14}
	customer, err := c.CreateCustomer(ctx, tenant, "")
	check(t, "customer", err)
	purchase := billing.Purchase{
		Customer: customer, Tenant: tenant.TenantID, Plan: plan, Interval: plans.Monthly, Trial: true, Coupon: "welcome", Tax: true,
		SuccessURL: "https://x.example/ok", CancelURL: "https://x.example/no",
	}
	_, err = c.Checkout(ctx, purchase)
	check(t, "checkout", err)
	_, err = c.Portal(ctx, customer, "https://x.example")
	check(t, "portal", err)
	_, err = c.Look(ctx, customer)
	check(t, "look", err)
	_, err = c.Invoices(ctx, customer, 3)
	check(t, "invoices", err)
	check(t, "events", c.EventsSince(ctx, time.Now(), func([]controlplane.BillingEvent) error { return nil }))
	check(t, "change now", c.ChangeNow(ctx, s, plan, plans.Monthly))
	check(t, "change at renewal", c.ChangeAtRenewal(ctx, s, plan, plans.Monthly))
	check(t, "keep", c.KeepPlan(ctx, s))
	check(t, "cancelling", c.SetCancelling(ctx, s, true))
	check(t, "cancel", c.CancelNow(ctx, s))
	check(t, "coupon", c.GiveCoupon(ctx, s, "welcome"))
	check(t, "usage", meters.SendUsage(ctx, controlplane.MeterEvent{Identifier: "a:b:0", Customer: customer, Meter: "jobs", Value: 3, At: time.Now()}))
	stock, err := c.Stock(ctx)
	check(t, "stock", err)
	for _, step := range steps(stock.Meters[0].Event) {
		check(t, fmt.Sprintf("%s %s", step.Kind, step.What), c.Apply(ctx, step))
	}
}

// steps are one of each kind.
func steps(meter string) (all []billing.Step) {
	for _, kind := range []billing.StepKind{billing.StepCreate, billing.StepUpdate, billing.StepArchive} {
		all = append(all,
			billing.Step{Kind: kind, What: "meter", Old: "mtr_1", Meter: &billing.StockMeter{Event: "coditect_jobs", Title: "Jobs"}},
			billing.Step{Kind: kind, What: "product", Old: "prod_1", Product: &billing.StockProduct{ID: "coditect_plan_team", Title: "Team"}},
			billing.Step{Kind: kind, What: "coupon", Old: "welcome", Coupon: &billing.StockCoupon{ID: "welcome", Title: "Welcome", PercentOff: 20, Months: 3}})
	}
	for _, kind := range []billing.StepKind{billing.StepCreate, billing.StepReplace, billing.StepArchive} {
		licensed := billing.StockPrice{Key: "plan:team:month", Product: "coditect_plan_team", Plan: "team", Interval: plans.Monthly, Currency: "usd", Amount: 100}
		metered := billing.StockPrice{Key: "usage", Product: "p", Plan: "team", Interval: plans.Yearly, Currency: "usd", Meter: meter, Included: 5, Each: "0.0005"}
		all = append(all, billing.Step{Kind: kind, What: "price", Old: "price_1", Price: &licensed}, billing.Step{Kind: kind, What: "price by usage", Old: "price_2", Price: &metered})
	}
	return append(all, billing.Step{Kind: billing.StepReplace, What: "coupon for ever", Old: "x", Coupon: &billing.StockCoupon{ID: "x", Title: "X", PercentOff: 50}})
}

func check(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// Nothing that is secret is in an error, whatever goes wrong.
func TestErrorsTellNoSecret(t *testing.T) {
	t.Parallel()
	const key = "sk_live_geheim"
	for status, code := range map[int]fault.Code{401: fault.Unavailable, 402: fault.Conflict, 404: fault.NotFound, 429: fault.Unavailable, 500: fault.Unavailable, 400: fault.Internal} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"error": {"message": "Invalid API Key provided: %s", "type": "invalid_request_error"}}`, map[bool]string{true: key}[status == 401])
		})
		c := stripe.New(stripe.Options{Key: key, URL: server})
		_, err := c.Portal(t.Context(), "cus_1", "https://x.example")
		c.Close()
		if fault.CodeOf(err) != code || regexp.MustCompile(key).MatchString(err.Error()) {
			t.Errorf("%d: %v", status, err)
		}
	}
	c := stripe.New(stripe.Options{Key: key, URL: "http://127.0.0.1:1"})
	t.Cleanup(c.Close)
	if _, err := c.Portal(t.Context(), "cus_1", "https://x.example"); fault.CodeOf(err) != fault.Unavailable || regexp.MustCompile(key).MatchString(err.Error()) {
		t.Errorf("nobody there: %v", err)
	}
}
