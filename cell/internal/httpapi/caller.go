package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/tracing"
	"github.com/coditect/platform/shared/web"
)

// challenge goes with every 401 (RFC 9110 §11.6.1).
const challenge = `Bearer realm="cell"`

type callKey struct{}

// callFrom returns the call that withCaller began.
func callFrom(ctx context.Context) *cell.Call {
	call, ok := ctx.Value(callKey{}).(*cell.Call)
	if !ok {
		// Without a tenant and a key nothing gets past the fence.
		return &cell.Call{}
	}
	return call
}

// withCaller reads the tenant that the router resolved and the caller's
// credential. Whether that is valid is asked in the transaction that needs it.
func withCaller(needs rights, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call, err := readCall(r, needs.public[r.Method+" "+r.URL.Path])
		if err != nil {
			w.Header().Set("WWW-Authenticate", challenge)
			fault.WriteProblem(w, err, web.RequestID(r.Context()))
			return
		}
		ctx := tenancy.WithID(context.WithValue(r.Context(), callKey{}, call), call.Tenant)
		if tracing.Active(ctx) {
			ctx = tracing.Concerning(ctx, call.Tenant.String(), "")
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func readCall(r *http.Request, public bool) (*cell.Call, error) {
	tenant, err := tenancy.ParseID(r.Header.Get(cellapi.HeaderTenantID))
	if err != nil {
		return nil, fault.Wrap(err, fault.Unauthenticated, "the request names no tenant; tenants call the router")
	}
	epoch, err := strconv.ParseUint(r.Header.Get(cellapi.HeaderTenantEpoch), 10, 63)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unauthenticated, "the request names no tenant epoch; tenants call the router")
	}
	call := &cell.Call{Tenant: tenant, Epoch: epoch, RequestID: web.RequestID(r.Context())}
	if public {
		return call, nil // whatever credential there is: nobody asks for it
	}
	return call, readCredential(r, call)
}

// readCredential takes the one credential of a request: what the router
// verified, or an API key. The router never sends both.
func readCredential(r *http.Request, call *cell.Call) (err error) {
	authorization, principal := r.Header.Values("Authorization"), r.Header.Get(cellapi.HeaderPrincipal)
	switch {
	case principal == "":
		call.KeyHash, err = parseKey(authorization, call.Tenant)
	case len(authorization) > 0:
		err = fault.New(fault.Unauthenticated, "the request carries two credentials; send one")
	default:
		call.Token, err = readPrincipal(principal)
	}
	return err
}

// parseKey reads "Bearer <key>" and returns the key's hash. A key that names
// another tenant is refused without asking the database.
func parseKey(authorization []string, tenant tenancy.ID) ([]byte, error) {
	refused := fault.New(fault.Unauthenticated, "send an access token or an API key of this tenant: Authorization: Bearer …")
	if len(authorization) != 1 {
		return nil, refused
	}
	scheme, text, _ := strings.Cut(authorization[0], " ")
	key, ok := cell.ParseKeyText(text, tenant)
	if !strings.EqualFold(scheme, "Bearer") || !ok {
		return nil, refused
	}
	return key.Hash(), nil
}
