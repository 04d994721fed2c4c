package e2e_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/shared/testkit"
)

// till is the small Stripe of the platform: its clock, and whose money it takes.
type till struct {
	t *testing.T
	p *local.Platform
}

func (s till) do(method, path string, form url.Values, answer any) {
	s.t.Helper()
	status, body := send(s.t, request{
		method: method, url: s.p.State().Endpoints.StripeURL + path, body: form.Encode(), key: s.p.State().Secrets.StripeKey,
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
	})
	if status != http.StatusOK {
		s.t.Fatalf("Stripe: %s: %d %s", path, status, body)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal(body, answer); err != nil {
		s.t.Fatal(err)
	}
}

// ahead has its clock go ahead of this machine's, and do what is due by then.
func (s till) ahead(d time.Duration) {
	s.t.Helper()
	s.do(http.MethodPost, "/v1/test_helpers/clock", url.Values{"ahead": {strconv.Itoa(int(d / time.Second))}}, nil)
}

func (s till) declines(customer string, declined bool) {
	s.t.Helper()
	s.do(http.MethodPost, "/v1/test_helpers/declining", url.Values{"customer": {customer}, "declined": {strconv.FormatBool(declined)}}, nil)
}

// press presses the button of one of its pages.
func (s till) press(page string) {
	s.t.Helper()
	if status, body := send(s.t, request{method: http.MethodPost, url: page}); status >= 400 {
		s.t.Fatalf("%s: %d %s", page, status, body)
	}
}

// payBack pays a part of an invoice back.
func (s till) payBack(invoice string, amount int) {
	s.t.Helper()
	var charges struct {
		Data []struct{ ID, Invoice string }
	}
	s.do(http.MethodGet, "/v1/charges?limit=100", nil, &charges)
	for _, c := range charges.Data {
		if c.Invoice == invoice {
			s.do(http.MethodPost, "/v1/refunds", url.Values{"charge": {c.ID}, "amount": {strconv.Itoa(amount)}}, nil)
			return
		}
	}
	s.t.Fatalf("no charge of %s among %+v", invoice, charges.Data)
}

// invoice is one as the tenant sees it.
type invoice struct {
	ID, Status, URL string
	Total, Owed     int64
	Refunded        *struct {
		Amount   int64
		Currency string
		At       time.Time
	}
}

func (x tenant) invoices(t *testing.T, p *local.Platform) []invoice {
	t.Helper()
	var list struct{ Invoices []invoice }
	status, body := x.call(t, p, us, "GET", "/v1/billing/invoices", "")
	if err := json.Unmarshal(body, &list); err != nil || status != http.StatusOK {
		t.Fatalf("%d %v %s", status, err, body)
	}
	return list.Invoices
}

// awaitStanding waits until the tenant sees that it stands so with its bills.
func (x tenant) awaitStanding(t *testing.T, p *local.Platform, want string) {
	t.Helper()
	testkit.EventuallyOK(t, "the tenant to be "+want, func() error {
		_, body := x.call(t, p, us, "GET", "/v1/billing", "")
		if !strings.Contains(string(body), `"standing":"`+want+`"`) {
			return fmt.Errorf("%s", body)
		}
		return nil
	})
}

// writes returns how a write is answered.
func (x tenant) writes(t *testing.T, p *local.Platform) (int, string) {
	t.Helper()
	status, body := x.call(t, p, us, "POST", "/v1/workspaces", fmt.Sprintf(`{"name":%q}`, rand.Text()))
	return status, string(body)
}

// reports are the states of the reports that the tenant's schedule has made.
func (x tenant) reports(t *testing.T, p *local.Platform) (states []string) {
	t.Helper()
	var list struct{ Items []struct{ State string } }
	status, body := x.call(t, p, us, "GET", "/v1/jobs?kind=report", "")
	if err := json.Unmarshal(body, &list); err != nil || status != http.StatusOK {
		t.Fatalf("%d %v %s", status, err, body)
	}
	for _, job := range list.Items {
		states = append(states, job.State)
	}
	return states
}

// in asks a database for one value.
func in[T any](t *testing.T, dsn, query string, args ...any) (value T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// How long the tenant of the test below is in grace: as much as it takes to see it.
const shortGrace = 12 * time.Second

// A tenant's payment fails. It is served on for the days of grace, then read-only:
// what it does for itself waits. It pays, and what waited is done, once.
func TestFromAnUnpaidInvoiceToTheJobThatWaited(t *testing.T) {
	p := platform(t)
	stripe := till{t, p}
	x, other := signUp(t, p, us), signUp(t, p, us)
	for _, each := range []tenant{x, other} {
		if status, body := each.call(t, p, us, "POST", "/v1/schedules", `{"name":"yearly","cron":"0 0 1 1 *","kind":"report","missed":"once"}`); status != http.StatusCreated {
			t.Fatalf("schedule: %d %s", status, body)
		}
	}
	back := p.State().Endpoints.ControlPlane.URL + "/v1/plans"
	status, body := x.call(t, p, us, "POST", "/v1/billing/checkout", fmt.Sprintf(`{"plan":"team","interval":"month","success_url":%q,"cancel_url":%q}`, back, back))
	var page struct{ URL string }
	if err := json.Unmarshal(body, &page); err != nil || status != http.StatusCreated {
		t.Fatalf("checkout: %d %s", status, body)
	}
	customer := in[string](t, p.State().Endpoints.ControlPlane.SuperDatabaseURL, `SELECT customer FROM billing_accounts WHERE tenant_id = $1`, x.ID)

	// Stripe's clock is behind by a trial and the days of grace, but for some seconds:
	// so its next invoice is almost seven days old at once.
	const trial, grace = 14 * 24 * time.Hour, 7 * 24 * time.Hour
	defer func() { stripe.declines(customer, false); stripe.ahead(0) }()
	stripe.ahead(shortGrace - trial - grace)
	stripe.press(page.URL)
	stripe.declines(customer, true)
	stripe.ahead(shortGrace - grace + time.Second)
	x.awaitStanding(t, p, "grace")
	if status, body := x.writes(t, p); status != http.StatusCreated {
		t.Errorf("a write in grace: %d %s", status, body)
	}
	x.awaitStanding(t, p, "read_only")
	testkit.EventuallyOK(t, "writes to be refused", func() error {
		if status, body := x.writes(t, p); status != http.StatusPaymentRequired || !strings.Contains(body, `"code":"tenant_read_only"`) {
			return fmt.Errorf("%d %s", status, body)
		}
		return nil
	})
	if status, body := x.call(t, p, us, "GET", "/v1/workspaces", ""); status != http.StatusOK {
		t.Errorf("a read: %d %s", status, body)
	}

	cell := p.State().Endpoints.Cells[x.Cell].SuperDatabaseURL
	testkit.Eventually(t, "the cell to hold the tenant", func() bool {
		return in[bool](t, cell, `SELECT held FROM organizations WHERE tenant_id = $1`, x.ID)
	})
	for _, each := range []tenant{x, other} { // a slot of both comes
		in[string](t, p.State().Endpoints.Cells[each.Cell].SuperDatabaseURL,
			`UPDATE schedules SET next_run_at = now() - interval '1 second' WHERE tenant_id = $1 AND NOT system RETURNING name`, each.ID)
	}
	done := func(x tenant) func() bool {
		return func() bool { states := x.reports(t, p); return len(states) == 1 && states[0] == "done" }
	}
	testkit.Eventually(t, "the other tenant's report", done(other))
	if states := x.reports(t, p); len(states) != 0 {
		t.Errorf("while it owes: %v", states)
	}

	stripe.declines(customer, false)
	unpaid := x.invoices(t, p)[0]
	if unpaid.Status != "open" || unpaid.Owed == 0 {
		t.Fatalf("what is unpaid: %+v", unpaid)
	}
	stripe.press(unpaid.URL)
	x.awaitStanding(t, p, "good")
	testkit.EventuallyOK(t, "writes to be served", func() error {
		if status, body := x.writes(t, p); status != http.StatusCreated {
			return fmt.Errorf("%d %s", status, body)
		}
		return nil
	})
	testkit.Eventually(t, "what waited", done(x))
	if next := in[time.Time](t, cell, `SELECT next_run_at FROM schedules WHERE tenant_id = $1 AND NOT system`, x.ID); time.Until(next) < time.Minute {
		t.Errorf("the schedule is due again at %s", next)
	}

	// What is paid back is shown at the invoice.
	stripe.payBack(unpaid.ID, 1500)
	testkit.EventuallyOK(t, "what was paid back", func() error {
		paid := x.invoices(t, p)[0]
		if r := paid.Refunded; r == nil || r.Amount != 1500 || r.Currency != "usd" || r.At.IsZero() {
			return fmt.Errorf("%+v", paid)
		}
		return nil
	})
	if states := x.reports(t, p); len(states) != 1 {
		t.Errorf("in the end: %v", states)
	}
}
