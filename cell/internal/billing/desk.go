package billing

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// Store judges who calls, and keeps the audit log. It is an interface because
// use-cases do not know the database.
type Store interface {
	Identify(ctx context.Context, call *cell.Call) (cell.Actor, error)
	Note(ctx context.Context, call *cell.Call, entry cell.AuditEntry) error
}

// ControlPlane answers a request to its API; answer is where the JSON goes. Its
// errors are faults with its own codes. It is an interface because the cell has a
// client of it already, for something else.
type ControlPlane interface {
	Ask(ctx context.Context, method, path string, body, answer any) error
}

// Desk is where those who administer a tenant's billing ask and buy.
type Desk struct {
	Store        Store
	ControlPlane ControlPlane // nil: the cell stands alone, and nothing is billed
}

// Show returns the tenant's account.
func (d Desk) Show(ctx context.Context, call *cell.Call) (a Account, err error) {
	return a, d.ask(ctx, call, http.MethodGet, of(call, ""), nil, &a)
}

// Usage returns what the tenant has used in the period that runs.
func (d Desk) Usage(ctx context.Context, call *cell.Call) (u Usage, err error) {
	return u, d.ask(ctx, call, http.MethodGet, of(call, "/usage"), nil, &u)
}

// Invoices returns the tenant's newest invoices.
func (d Desk) Invoices(ctx context.Context, call *cell.Call, limit int) ([]Invoice, error) {
	var list struct {
		Invoices []Invoice `json:"invoices"`
	}
	err := d.ask(ctx, call, http.MethodGet, of(call, "/invoices?limit="+strconv.Itoa(limit)), nil, &list)
	return list.Invoices, err
}

// Offer returns what can be bought.
func (d Desk) Offer(ctx context.Context, call *cell.Call) (o Offer, err error) {
	return o, d.ask(ctx, call, http.MethodGet, "/v1/plans", nil, &o)
}

// Quote says what a change would cost, and changes nothing.
func (d Desk) Quote(ctx context.Context, call *cell.Call, o Order) (q Quote, err error) {
	query := url.Values{"plan": {o.Plan}, "interval": {o.Interval}}
	return q, d.ask(ctx, call, http.MethodGet, of(call, "/quote?"+query.Encode()), nil, &q)
}

// Checkout opens a page where the tenant subscribes, and returns its address.
func (d Desk) Checkout(ctx context.Context, call *cell.Call, p Purchase) (string, error) {
	var opened page
	err := d.act(ctx, call, http.MethodPost, "/checkout", p, &opened, "billing.checkout_opened", map[string]any{"plan": p.Plan, "interval": p.Interval})
	return opened.URL, err
}

// Portal opens the page for means of payment and what is owed, and returns its
// address.
func (d Desk) Portal(ctx context.Context, call *cell.Call, back string) (string, error) {
	var opened page
	err := d.act(ctx, call, http.MethodPost, "/portal", map[string]string{"return_url": back}, &opened, "billing.portal_opened", map[string]any{})
	return opened.URL, err
}

// Change gives the tenant's subscription another plan or interval. It may be
// asked for again: what counts is what is asked for last, so an Idempotency-Key
// that came late would not make it what it was.
func (d Desk) Change(ctx context.Context, call *cell.Call, o Order) (a Account, err error) {
	call.Once = nil
	return a, d.act(ctx, call, http.MethodPut, "/subscription", o, &a, "billing.plan_changed", map[string]any{"plan": o.Plan, "interval": o.Interval})
}

// Cancel ends the tenant's subscription with its period.
func (d Desk) Cancel(ctx context.Context, call *cell.Call) (a Account, err error) {
	call.Once = nil
	return a, d.act(ctx, call, http.MethodDelete, "/subscription?when=renewal", nil, &a, "billing.cancelled", map[string]any{})
}

// of is where the control plane has a tenant's billing.
func of(call *cell.Call, what string) string {
	return "/v1/tenants/" + call.Tenant.String() + "/billing" + what
}

// act asks for something to be done, and notes that it was.
func (d Desk) act(ctx context.Context, call *cell.Call, method, what string, body, answer any, action string, details map[string]any) error {
	if err := d.ask(ctx, call, method, of(call, what), body, answer); err != nil {
		return err
	}
	return d.Store.Note(ctx, call, cell.AuditEntry{Action: action, SubjectType: "billing", SubjectID: uuid.UUID(call.Tenant), Details: details})
}

// ask asks the control plane, for whoever may.
func (d Desk) ask(ctx context.Context, call *cell.Call, method, path string, body, answer any) error {
	if _, err := d.Store.Identify(ctx, call); err != nil {
		return err
	}
	if d.ControlPlane == nil {
		return fault.New(fault.Unavailable, "nothing is billed here")
	}
	return forTenants(d.ControlPlane.Ask(ctx, method, path, body, answer))
}

// retryAsking is when it makes sense to ask the control plane again.
const retryAsking = 5 * time.Second

// forTenants leaves of the control plane's errors those that are about what the
// tenant asked for. That this cell has not the tenant any more is one that the
// next request, at the tenant's new cell, does not meet.
func forTenants(err error) error {
	switch fault.CodeOf(err) {
	case "", fault.Invalid, fault.Conflict:
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "billing cannot be reached now; everything else is served").After(retryAsking)
}
