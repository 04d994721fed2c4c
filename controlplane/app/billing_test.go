package app_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/app"
	"github.com/coditect/platform/controlplane/internal/fakecell"
	"github.com/coditect/platform/controlplane/internal/stripe/stripetest"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

const (
	stripeKey     = "sk_test_geheim"
	webhookSecret = "whsec_geheim"
)

// shop is a program that bills, with a Stripe that is not real.
type shop struct {
	*program
	stripe *stripetest.Server
	door   *httptest.Server
	cell   *fakecell.Cell
	hook   string
	log    *locked
}

func openShop(t *testing.T, nats string) *shop {
	t.Helper()
	s := &shop{stripe: stripetest.New(stripetest.Options{Now: time.Now(), Key: stripeKey, WebhookSecret: webhookSecret}), log: &locked{w: &bytes.Buffer{}}}
	s.door = httptest.NewServer(s.stripe.Handler())
	t.Cleanup(s.door.Close)
	if n, err := app.BillingSync(t.Context(), plans.Default(), stripeKey, s.door.URL); err != nil || n == 0 {
		t.Fatalf("%d changes, %v", n, err)
	}
	opts := options(database(t))
	opts.StripeKey, opts.StripeWebhookSecret, opts.StripeURL, opts.UsageInterval = stripeKey, webhookSecret, s.door.URL, 20*time.Millisecond
	opts.Log = slog.New(slog.NewJSONHandler(s.log, nil))
	if nats != "" {
		opts.NATSURL = nats
	}
	s.program = start(t, opts)
	s.hook = s.url + "/v1/webhooks/stripe"
	s.cell = s.withCell(t, "cell-a", "us-central1", 10)
	return s
}

func (s *shop) buy(t *testing.T, id tenancy.ID, plan string) {
	t.Helper()
	page, err := s.client(t, controlplane.RoleOperator).OpenCheckoutWithResponse(t.Context(), id, api.CheckoutRequest{
		Plan: plan, Interval: plans.Monthly, SuccessURL: "http://acme.localhost/ok", CancelURL: "http://acme.localhost/no",
	})
	if err != nil || page.JSON201 == nil {
		t.Fatalf("%v, %s", err, page.Body)
	}
	if _, err := s.stripe.CompleteCheckout(page.JSON201.URL); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) deliver(t *testing.T) {
	t.Helper()
	if err := s.stripe.Deliver(t.Context(), s.http, s.hook); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) billing(t *testing.T, id tenancy.ID) api.Billing {
	t.Helper()
	got, err := s.client(t, controlplane.RoleCell).GetBillingWithResponse(t.Context(), id)
	if err != nil || got.JSON200 == nil {
		t.Fatalf("%v, %s", err, got.Body)
	}
	return *got.JSON200
}

// From Stripe's webhook to what routers are told it takes less than a second,
// through the real NATS; the cell follows.
func TestWhatIsPaidReachesTheEdgeWithinASecond(t *testing.T) {
	t.Parallel()
	server := testkit.NATSServer(t)
	testkit.Run(t, server)
	s := openShop(t, server.URL())
	conn, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	told, err := conn.SubscribeSync(directory.Subject)
	if err != nil {
		t.Fatal(err)
	}
	id := s.signUp(t, "acme").Tenant.TenantID
	s.buy(t, id, "team")
	s.deliver(t)
	s.wantTold(t, told, `"plan":"team"`)
	testkit.Eventually(t, "the cell to know the plan", func() bool { return s.cell.Residents()[id].Plan == "team" })

	customer := s.customer(t, id)
	s.stripe.Decline(customer, true)
	s.stripe.Advance(15 * 24 * time.Hour) // the trial's end; the program's own clock stays
	s.deliver(t)
	testkit.Eventually(t, "the account to be in grace", func() bool { return s.billing(t, id).Standing == "grace" })
	if tenant, err := s.client(t, controlplane.RoleViewer).GetTenantWithResponse(t.Context(), id); err != nil || tenant.JSON200.Access != nil {
		t.Errorf("in grace something was taken: %v, %s", err, tenant.Body)
	}
	_, _, metrics, err := s.do("GET", s.admin+"/metrics", "", "", nil)
	if err != nil || !strings.Contains(metrics, "controlplane_billing_syncs_total") {
		t.Errorf("%v", err)
	}
	if text := s.log.String() + metrics; strings.Contains(text, "geheim") {
		t.Error("a secret is in the log, or in a metric")
	}
}

// wantTold waits for a change on the feed, and says how long that took.
func (s *shop) wantTold(t *testing.T, told *nats.Subscription, want string) {
	t.Helper()
	begin := time.Now()
	for {
		msg, err := told.NextMsg(10 * time.Second)
		if err != nil {
			t.Fatalf("the feed never said %s: %v", want, err)
		}
		if strings.Contains(string(msg.Data), want) {
			break
		}
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("the feed said %s after %s", want, took)
	}
}

func (s *shop) customer(t *testing.T, id tenancy.ID) (customer string) {
	t.Helper()
	status, _, body, err := s.do("GET", "/v1/audit?action=billing.open&target="+id.String(), s.keys[controlplane.RoleAdmin], "", nil)
	_, rest, found := strings.Cut(body, `"customer":"`)
	if customer, _, _ = strings.Cut(rest, `"`); err != nil || status != http.StatusOK || !found {
		t.Fatalf("%d %s %v", status, body, err)
	}
	return customer
}

// Forged, replayed late, from another account: refused, and nothing is kept.
// Repeated within its time it is taken, and changes nothing.
func TestWebhooksThatAreNotStripes(t *testing.T) {
	t.Parallel()
	s := openShop(t, "")
	id := s.signUp(t, "acme").Tenant.TenantID
	s.buy(t, id, "team")
	events := s.stripe.TakeEvents()
	event := events[len(events)-1]
	post := func(body []byte, signature string) int {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, s.hook, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Stripe-Signature", signature)
		status, _, answer, err := s.send(req)
		if err != nil || strings.Contains(answer, "geheim") || status >= 400 && !strings.Contains(answer, `"code":`) {
			t.Errorf("%d %s %v", status, answer, err)
		}
		return status
	}
	now := time.Now()
	for name, c := range map[string]struct {
		signature string
		want      int
	}{
		"forged":        {stripetest.Signature(event.Payload, "whsec_guessed", now), http.StatusUnauthorized},
		"not signed":    {"", http.StatusUnauthorized},
		"replayed":      {stripetest.Signature(event.Payload, webhookSecret, now.Add(-10*time.Minute)), http.StatusUnauthorized},
		"signs another": {stripetest.Signature([]byte("{}"), webhookSecret, now), http.StatusUnauthorized},
	} {
		if got := post(event.Payload, c.signature); got != c.want {
			t.Errorf("%s: %d", name, got)
		}
	}
	if got := post(bytes.Repeat([]byte("x"), 2<<20), "t=1,v1=00"); got != http.StatusRequestEntityTooLarge {
		t.Errorf("endless: %d", got)
	}
	if status, _, body, err := s.do("GET", s.hook, "", "", nil); status != http.StatusMethodNotAllowed || err != nil {
		t.Errorf("GET: %d %s %v", status, body, err)
	}
	for range 3 {
		if got := post(event.Payload, stripetest.Signature(event.Payload, webhookSecret, now)); got != http.StatusNoContent {
			t.Errorf("good: %d", got)
		}
	}
	testkit.Eventually(t, "the plan to be that which was bought", func() bool { return s.billing(t, id).Plan != nil && *s.billing(t, id).Plan == "team" })
}

// With Stripe down tenants are served as before, and what was bought is shown as
// it was; when it is back, what happened meanwhile is found.
func TestWhileStripeIsDown(t *testing.T) {
	t.Parallel()
	s := openShop(t, "")
	id := s.signUp(t, "acme").Tenant.TenantID
	s.buy(t, id, "team")
	s.deliver(t)
	testkit.Eventually(t, "the plan", func() bool { return s.cell.Residents()[id].Plan == "team" })
	s.stripe.FailWith(func(*http.Request) *stripetest.Failure { return &stripetest.Failure{Status: 503} })
	if b := s.billing(t, id); b.Plan == nil || *b.Plan != "team" {
		t.Errorf("%+v", b)
	}
	change := api.SubscriptionChange{Plan: "business", Interval: plans.Monthly}
	got, err := s.client(t, controlplane.RoleOperator).ChangeSubscriptionWithResponse(t.Context(), id, change)
	if err != nil || got.StatusCode() != http.StatusServiceUnavailable {
		t.Errorf("%v, %s", err, got.Body)
	}
	s.stripe.FailWith(nil)
	if got, err = s.client(t, controlplane.RoleOperator).ChangeSubscriptionWithResponse(t.Context(), id, change); err != nil || got.JSON200 == nil {
		t.Fatalf("%v, %s", err, got.Body)
	}
	testkit.Eventually(t, "the other plan, without a webhook", func() bool { return s.cell.Residents()[id].Plan == "business" })
}

// What a cell records arrives at Stripe by the program's own loops.
func TestUsageReachesStripe(t *testing.T) {
	t.Parallel()
	s := openShop(t, "")
	id := s.signUp(t, "acme").Tenant.TenantID
	s.buy(t, id, "team")
	s.deliver(t)
	testkit.Eventually(t, "the plan", func() bool { return s.cell.Residents()[id].Plan == "team" })
	for range 3 {
		s.cell.Use(id, "api_calls", 40)
		s.cell.Use(id, "storage_bytes", 1<<20+1)
	}
	testkit.Eventually(t, "Stripe to have counted it", func() bool {
		calls, _ := s.stripe.Used(s.customer(t, id), "coditect_api_calls")
		storage, _ := s.stripe.Used(s.customer(t, id), "coditect_storage")
		return calls == 120 && storage == 6
	})
}

// A cell sees and changes the billing of its own tenants only.
func TestACellBillsItsOwnTenants(t *testing.T) {
	t.Parallel()
	s := openShop(t, "")
	s.withCell(t, "cell-b", "europe-west1", 10)
	region := "europe-west1"
	request := signupRequest("other")
	request.Region = &region
	other, err := s.client(t, "").SignUpWithResponse(t.Context(), &api.SignUpParams{IdempotencyKey: "key-of-other"}, request)
	if err != nil || other.JSON201 == nil {
		t.Fatalf("%v, %s", err, other.Body)
	}
	cell := s.client(t, controlplane.RoleCell) // cell-a's
	if got, err := cell.GetBillingWithResponse(t.Context(), s.signUp(t, "mine").Tenant.TenantID); err != nil || got.JSON200 == nil {
		t.Errorf("%v, %s", err, got.Body)
	}
	if got, err := cell.GetBillingWithResponse(t.Context(), other.JSON201.Tenant.TenantID); err != nil || got.StatusCode() != http.StatusNotFound {
		t.Errorf("%v, %s", err, got.Body)
	}
}

// locked lets several goroutines write.
type locked struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.String()
}
