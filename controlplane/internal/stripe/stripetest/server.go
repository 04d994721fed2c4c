package stripetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options is how a fake begins.
type Options struct {
	Now           time.Time
	Key           string // the API key that requests must carry
	WebhookSecret string // with which events are signed
	BaseURL       string // of the pages that Checkout and portal lead to
	TaxPercent    int64  // on invoices of subscriptions with automatic tax
	Series        string // in every id: those of a fake that was there before do not come again
}

// Server is a fake Stripe. It is safe for concurrent use.
type Server struct {
	opts Options
	mux  *http.ServeMux

	mu       sync.Mutex
	now      time.Time
	ahead    time.Duration // of the clock that it follows
	serial   int
	answers  map[string]answer // by Idempotency-Key
	fail     func(*http.Request) *Failure
	declined map[string]bool // customers
	requests map[string]int  // by method and path pattern

	customers     table[*customer]
	products      table[*product]
	prices        table[*price]
	coupons       table[*coupon]
	subscriptions table[*subscription]
	schedules     table[*schedule]
	invoices      table[*invoice]
	charges       table[*charge]
	refunds       table[*refund]
	meters        table[*meter]
	sessions      table[*session]
	events        table[*event]
	usage         []meterEvent
	identifiers   map[string]time.Time // of meter events
	taken         int                  // of events, by TakeEvents
}

// Failure is how a request fails: with a status, before or after it took effect.
// Status 0 cuts the connection.
type Failure struct {
	Status int
	After  bool
}

type answer struct {
	status int
	body   []byte
}

// New returns a fake without anything in it.
func New(opts Options) *Server {
	s := &Server{
		opts: opts, mux: http.NewServeMux(), now: opts.Now.Truncate(time.Second),
		answers: map[string]answer{}, declined: map[string]bool{}, requests: map[string]int{}, identifiers: map[string]time.Time{},
	}
	s.routes()
	return s
}

// Handler serves the API, and the pages that it leads to.
func (s *Server) Handler() http.Handler { return s.mux }

// FailWith has fail decide about each request of the API; nil ends that.
func (s *Server) FailWith(fail func(*http.Request) *Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

// Requests returns how often each operation was asked for, by its method and
// path pattern.
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]int, len(s.requests))
	for k, n := range s.requests {
		out[k] = n
	}
	return out
}

type operation func(r *http.Request, f form) (any, error)

func (s *Server) routes() {
	for pattern, do := range map[string]operation{
		"POST /v1/customers": s.createCustomer, "GET /v1/customers/{id}": s.getCustomer, "POST /v1/customers/{id}": s.updateCustomer,
		"DELETE /v1/customers/{id}": s.deleteCustomer,
		"GET /v1/products":          s.listProducts, "POST /v1/products": s.createProduct, "POST /v1/products/{id}": s.updateProduct,
		"GET /v1/prices": s.listPrices, "POST /v1/prices": s.createPrice, "POST /v1/prices/{id}": s.updatePrice,
		"GET /v1/coupons": s.listCoupons, "POST /v1/coupons": s.createCoupon, "POST /v1/coupons/{id}": s.updateCoupon, "DELETE /v1/coupons/{id}": s.deleteCoupon,
		"GET /v1/billing/meters": s.listMeters, "POST /v1/billing/meters": s.createMeter, "POST /v1/billing/meters/{id}": s.updateMeter,
		"POST /v1/billing/meters/{id}/deactivate": s.deactivateMeter, "POST /v1/billing/meters/{id}/reactivate": s.reactivateMeter,
		"GET /v1/billing/meters/{id}/event_summaries": s.summarise, "POST /v1/billing/meter_events": s.createMeterEvent,
		"GET /v1/subscriptions": s.listSubscriptions, "POST /v1/subscriptions": s.createSubscription, "GET /v1/subscriptions/{id}": s.getSubscription,
		"POST /v1/subscriptions/{id}": s.updateSubscription, "DELETE /v1/subscriptions/{id}": s.cancelSubscription,
		"POST /v1/subscription_schedules": s.createSchedule, "GET /v1/subscription_schedules/{id}": s.getSchedule,
		"POST /v1/subscription_schedules/{id}": s.updateSchedule, "POST /v1/subscription_schedules/{id}/release": s.releaseSchedule,
		"GET /v1/invoices": s.listInvoices, "GET /v1/invoices/upcoming": s.upcoming, "POST /v1/invoices/{id}/pay": s.payInvoice, "POST /v1/invoices/{id}/void": s.voidInvoice,
		"GET /v1/charges": s.listCharges, "POST /v1/refunds": s.createRefund,
		"POST /v1/checkout/sessions": s.createCheckout, "POST /v1/billing_portal/sessions": s.createPortal,
		"GET /v1/events":                  s.listEvents,
		"POST /v1/test_helpers/clock":     s.setAhead,
		"POST /v1/test_helpers/declining": s.setDeclined,
	} {
		s.mux.HandleFunc(pattern, s.serve(pattern, do))
	}
	s.mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		write(w, fault(http.StatusNotFound, "", "Unrecognized request URL (%s: %s).", r.Method, r.URL.Path).answer())
	})
	s.pages()
}

// serve is the frame of every operation.
func (s *Server) serve(pattern string, do operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+s.opts.Key {
			write(w, fault(http.StatusUnauthorized, "", "Invalid API Key provided.").answer())
			return
		}
		if err := r.ParseForm(); err != nil {
			write(w, fault(http.StatusBadRequest, "", "The parameters could not be read.").answer())
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests[pattern]++
		var failure *Failure
		if s.fail != nil {
			failure = s.fail(r)
		}
		if failure != nil && !failure.After {
			failure.write(w)
			return
		}
		got := s.once(r, do)
		if failure != nil {
			failure.write(w)
			return
		}
		write(w, got)
	}
}

// once repeats its answer to a request that is repeated with the same key.
func (s *Server) once(r *http.Request, do operation) answer {
	key := r.Header.Get("Idempotency-Key")
	if known, ok := s.answers[key]; ok && key != "" {
		return known
	}
	object, err := do(r, parseForm(r.Form))
	if err != nil {
		return err.(*apiError).answer() //nolint:errorlint,forcetypeassert // operations make no other
	}
	raw, marshalErr := json.Marshal(object)
	if marshalErr != nil {
		return fault(http.StatusInternalServerError, "", "%s", marshalErr).answer()
	}
	got := answer{http.StatusOK, raw}
	if key != "" {
		s.answers[key] = got
	}
	return got
}

func write(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func (f *Failure) write(w http.ResponseWriter) {
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	write(w, fault(f.Status, "", "As the test wants it.").answer())
}

// apiError is an error as Stripe tells it.
type apiError struct {
	status  int
	code    string
	message string
}

func fault(status int, code, format string, args ...any) *apiError {
	return &apiError{status, code, fmt.Sprintf(format, args...)}
}

func (e *apiError) Error() string { return e.message }

func (e *apiError) answer() answer {
	kind := "invalid_request_error"
	if e.status >= http.StatusInternalServerError {
		kind = "api_error"
	}
	var body bytes.Buffer
	_ = json.NewEncoder(&body).Encode(map[string]any{"error": map[string]string{"type": kind, "code": e.code, "message": e.message}})
	return answer{e.status, body.Bytes()}
}

func missing(kind, id string) error {
	return fault(http.StatusNotFound, "resource_missing", "No such %s: '%s'", kind, id)
}

func bad(format string, args ...any) error {
	return fault(http.StatusBadRequest, "", format, args...)
}

// id makes an identifier that looks like Stripe's.
func (s *Server) id(prefix string) string {
	s.serial++
	return fmt.Sprintf("%s_%s%014d", prefix, s.opts.Series, s.serial)
}

// merge does what Stripe does to metadata: an empty value removes its key.
func merge(old, changes map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range []map[string]string{old, changes} {
		for k, v := range m {
			out[k] = v
			if v == "" {
				delete(out, k)
			}
		}
	}
	return out
}

// table keeps objects in the order in which they were made.
type table[T any] struct {
	ids []string
	by  map[string]T
}

func (t *table[T]) put(id string, object T) {
	if t.by == nil {
		t.by = map[string]T{}
	}
	if _, known := t.by[id]; !known {
		t.ids = append(t.ids, id)
	}
	t.by[id] = object
}

func (t *table[T]) remove(id string) { delete(t.by, id) }

func (t *table[T]) all(want func(T) bool) []T {
	var out []T
	for _, id := range t.ids {
		if object, ok := t.by[id]; ok && want(object) {
			out = append(out, object)
		}
	}
	return out
}

// page answers a list request: the newest first, as Stripe does.
func page[T any](t *table[T], f form, id func(T) string, want func(T) bool) list[T] {
	found := t.all(want)
	var out []T
	limit := int(f.number("limit"))
	if limit <= 0 {
		limit = 10
	}
	after, begun := f.text("starting_after"), f.text("starting_after") == ""
	for i := len(found) - 1; i >= 0; i-- {
		switch {
		case begun && len(out) == limit:
			return listOf(out, true)
		case begun:
			out = append(out, found[i])
		case strings.EqualFold(id(found[i]), after):
			begun = true
		}
	}
	return listOf(out, false)
}
