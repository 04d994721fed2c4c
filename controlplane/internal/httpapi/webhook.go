package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

// Hooks checks webhooks of the payment provider. An interface since how they are
// signed is another edge's.
type Hooks interface {
	Verify(body []byte, signature string) (controlplane.BillingEvent, error)
}

// Inbox takes what was verified.
type Inbox interface {
	Take(ctx context.Context, e controlplane.BillingEvent) error
}

// webhook takes events of the payment provider. It is apart from the API's
// operations since its signature is over the body as it was sent. It is
// acknowledged once the event is kept; nothing else is done before that.
type webhook struct {
	hooks   Hooks
	inbox   Inbox
	refused func() // counts
	render  func(http.ResponseWriter, *http.Request, error)
}

func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.take(r); err != nil {
		if code := fault.CodeOf(err); code == fault.Unauthenticated || code == fault.Malformed {
			h.refused()
		}
		h.render(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *webhook) take(r *http.Request) error {
	if r.Method != http.MethodPost {
		return fault.New(fault.MethodNotAllowed, "webhooks are posted")
	}
	if h.hooks == nil {
		return fault.New(fault.Unavailable, "billing is not set up in this installation")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		var long *http.MaxBytesError
		if errors.As(err, &long) {
			return fault.New(fault.TooLarge, "a webhook has at most %d bytes", long.Limit)
		}
		return fault.Wrap(err, fault.Malformed, "the body broke off")
	}
	e, err := h.hooks.Verify(body, r.Header.Get("Stripe-Signature"))
	if err != nil {
		return err
	}
	return h.inbox.Take(r.Context(), e)
}
