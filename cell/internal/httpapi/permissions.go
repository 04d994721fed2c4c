package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

// rights says what each operation needs.
type rights struct {
	byOperation map[string]cell.Permission
	public      map[string]bool // "POST /v1/…": no credential is needed
}

// readPermissions takes from the API's document which permission each
// operation needs. One that declares none is an error of the program.
func readPermissions(spec []byte) (rights, error) {
	r := rights{byOperation: map[string]cell.Permission{}, public: map[string]bool{}}
	doc, err := openapi3.NewLoader().LoadFromData(spec)
	if err != nil {
		return r, fmt.Errorf("OpenAPI document: %w", err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			text, _ := op.Extensions["x-permission"].(string)
			permission := cell.Permission(text)
			if !permission.Known() && permission != cell.Anyone && permission != cell.Public {
				return r, fmt.Errorf("OpenAPI document: %s %s: x-permission %q is not a permission", method, path, text)
			}
			if permission == cell.Public && strings.Contains(path, "{") {
				return r, fmt.Errorf("OpenAPI document: %s %s: a public path has no parameters", method, path)
			}
			r.byOperation[strings.ToLower(op.OperationID)] = permission
			r.public[method+" "+path] = permission == cell.Public
		}
	}
	return r, nil
}

// authorize tells the store what the operation needs, and the client which
// generation of the tenant answered.
func authorize(r rights) api.StrictMiddlewareFunc {
	return func(next api.StrictHandlerFunc, operationID string) api.StrictHandlerFunc {
		permission, known := r.byOperation[strings.ToLower(operationID)]
		return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
			if !known {
				return nil, fault.New(fault.Forbidden, "nobody may do this")
			}
			call := callFrom(ctx)
			call.Permission = permission
			response, err := next(context.WithValue(ctx, requestKey{}, r), w, r, request)
			if call.ServedEpoch > 0 {
				w.Header().Set(cellapi.HeaderTenantEpoch, strconv.FormatUint(call.ServedEpoch, 10))
			}
			return response, err
		}
	}
}

type requestKey struct{}

// requestFrom returns the request, for answers that need more of it than the
// API's document says.
func requestFrom(ctx context.Context) *http.Request {
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	return r
}
