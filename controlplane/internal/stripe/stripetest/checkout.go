package stripetest

import (
	"html/template"
	"net/http"
	"strings"
)

func (s *Server) createCheckout(_ *http.Request, f form) (any, error) {
	c, err := s.customer(f.text("customer"))
	if err != nil {
		return nil, err
	}
	if f.text("mode") != "subscription" || len(f.list("line_items")) == 0 {
		return nil, bad("This fake sells subscriptions.")
	}
	for _, i := range f.list("line_items") {
		if p, ok := s.prices.by[i.text("price")]; !ok || !p.Active {
			return nil, missing("price", i.text("price"))
		}
	}
	x := &session{
		ID: s.id("cs_test"), Object: "checkout.session", Created: s.now.Unix(), Customer: c.ID, ClientReferenceID: f.text("client_reference_id"), Mode: "subscription",
		Status: "open", SuccessURL: f.text("success_url"), CancelURL: f.text("cancel_url"), Metadata: merge(nil, f.texts("metadata")), wanted: f,
	}
	x.URL = s.opts.BaseURL + "/pay/" + x.ID
	s.sessions.put(x.ID, x)
	return x, nil
}

func (s *Server) createPortal(_ *http.Request, f form) (any, error) {
	c, err := s.customer(f.text("customer"))
	if err != nil {
		return nil, err
	}
	x := &session{ID: s.id("bps"), Object: "billing_portal.session", Created: s.now.Unix(), Customer: c.ID, ReturnURL: f.text("return_url")}
	x.URL = s.opts.BaseURL + "/pay/" + x.ID
	s.sessions.put(x.ID, x)
	return x, nil
}

// CompleteCheckout does what a customer does on the page of a session: pay. It
// returns the subscription's id, or an error if the payment is declined.
func (s *Server) CompleteCheckout(url string) (subscription string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.sessions.by[url[strings.LastIndex(url, "/")+1:]]
	if !ok {
		return "", missing("checkout session", url)
	}
	return s.complete(x)
}

func (s *Server) complete(x *session) (string, error) {
	if x.Status != "open" {
		return x.Subscription, nil
	}
	if s.declined[x.Customer] {
		return "", fault(http.StatusPaymentRequired, "card_declined", "Your card was declined.")
	}
	data, _ := x.wanted["subscription_data"].(form)
	how := subscribing{
		trialDays: data.number("trial_period_days"), metadata: data.texts("metadata"), tax: x.wanted.flag("automatic_tax", "enabled"),
	}
	if discounts := x.wanted.list("discounts"); len(discounts) > 0 {
		how.coupon = discounts[0].text("coupon")
	}
	u, err := s.subscribe(s.customers.by[x.Customer], x.wanted.list("line_items"), how)
	if err != nil {
		return "", err
	}
	x.Status, x.Subscription = "complete", u.ID
	s.emit("checkout.session.completed", *x)
	return u.ID, nil
}

// pages are what customers see.
func (s *Server) pages() {
	s.mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) {})
	s.mux.HandleFunc("GET /pay/{id}", s.showPage)
	s.mux.HandleFunc("POST /pay/{id}", s.pay)
}

var pageText = template.Must(template.New("page").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Payment (not real)</title><style>body{font:16px/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}td{padding:.2rem 1rem .2rem 0}</style>
<h1>{{.Title}}</h1><p>This page stands in for Stripe's. No money moves.</p>
{{if .Lines}}<table>{{range .Lines}}<tr><td>{{.What}}<td>{{.Amount}}{{end}}</table>{{end}}
{{if .Button}}<form method="post"><button>{{.Button}}</button></form>{{end}}
{{if .Back}}<p><a href="{{.Back}}">Back</a>{{end}}`))

type pageLine struct{ What, Amount string }

type pageData struct {
	Title, Button, Back string
	Lines               []pageLine
}

func (s *Server) showPage(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.pageOf(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = pageText.Execute(w, data) // to a client that may be gone
}

func (s *Server) pageOf(id string) (pageData, bool) {
	if v, ok := s.invoices.by[id]; ok {
		data := pageData{Title: "Invoice " + v.Number + ", " + v.Status}
		for _, l := range v.Lines.Data {
			data.Lines = append(data.Lines, pageLine{l.Description, money(l.Amount, l.Currency)})
		}
		data.Lines = append(data.Lines, pageLine{"Total", money(v.Total, v.Currency)})
		if v.Status == "open" {
			data.Button = "Pay"
		}
		return data, true
	}
	x, ok := s.sessions.by[id]
	if !ok {
		return pageData{}, false
	}
	if x.Mode == "" {
		data := pageData{Title: "Billing", Back: x.ReturnURL}
		for _, v := range s.invoices.all(func(v *invoice) bool { return v.Customer == x.Customer }) {
			data.Lines = append(data.Lines, pageLine{v.Number + ", " + v.Status, money(v.Total, v.Currency)})
		}
		if len(s.openInvoices(x.Customer)) > 0 {
			data.Button = "Pay what is open"
		}
		return data, true
	}
	data := pageData{Title: "Checkout, " + x.Status, Back: x.CancelURL}
	for _, i := range x.wanted.list("line_items") {
		p := s.prices.by[i.text("price")]
		data.Lines = append(data.Lines, pageLine{s.products.by[p.Product].Name, money(p.UnitAmount, p.Currency) + " a " + p.Recurring.Interval})
	}
	if x.Status == "open" {
		data.Button = "Subscribe"
	}
	return data, true
}

func (s *Server) openInvoices(customer string) []*invoice {
	return s.invoices.all(func(v *invoice) bool { return v.Customer == customer && v.Status == "open" })
}

func (s *Server) pay(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, next := r.PathValue("id"), r.URL.Path
	if v, ok := s.invoices.by[id]; ok && v.Status == "open" {
		s.collect(v)
	}
	if x, ok := s.sessions.by[id]; ok && x.Mode == "" {
		for _, v := range s.openInvoices(x.Customer) {
			s.collect(v)
		}
	} else if ok {
		if _, err := s.complete(x); err != nil {
			http.Error(w, err.Error(), http.StatusPaymentRequired)
			return
		}
		if x.SuccessURL != "" {
			next = x.SuccessURL
		}
	}
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // G710: where to, the session says, which the API's user made
}
