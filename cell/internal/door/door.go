// Package door lets only signed requests into the cell: those of the router at
// the tenant-facing door, those of the control plane at the internal one, each
// with its own key.
package door

import (
	"errors"
	"net/http"
	"time"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

// signed are the headers that a signature covers. Sent twice, one value would
// be checked and another might be believed.
var signed = []string{
	cellapi.HeaderTenantID, cellapi.HeaderTenantEpoch, cellapi.HeaderRequestID, cellapi.HeaderPrincipal,
	cellapi.HeaderTimestamp, cellapi.HeaderSignature,
}

// Guard answers 401 to every request that signer did not sign at about the
// time that now returns.
func Guard(signer *cellapi.Signer, now func() time.Time) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := verify(signer, r, now()); err != nil {
				fault.WriteProblem(w, err, web.RequestID(r.Context()))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func verify(signer *cellapi.Signer, r *http.Request, now time.Time) error {
	for _, name := range signed {
		if len(r.Header.Values(name)) > 1 {
			return fault.New(fault.Unauthenticated, "the header %s was sent twice", name)
		}
	}
	err := signer.VerifyRequest(r, now)
	switch {
	case errors.Is(err, cellapi.ErrSkew):
		return fault.Wrap(err, fault.Unauthenticated, "the request's signature is too old or from the future; compare the clocks")
	case err != nil:
		return fault.Wrap(err, fault.Unauthenticated, "this door takes signed requests only; tenants call the router")
	}
	return nil
}
