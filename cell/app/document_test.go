package app_test

import (
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/coditect/platform/cell/api"
)

// The cell hands out the document that it keeps to.
func TestDocumentOfTheAPI(t *testing.T) {
	t.Parallel()
	p := shared()
	tn := p.admit(t)
	nobody := tenant{id: tn.id, key: "none"}
	a := expect(t, p.asTenant(t, nobody, get("/v1/openapi.json")), 200)
	served, err := openapi3.NewLoader().LoadFromData(a.body)
	if err != nil {
		t.Fatal(err)
	}
	own, err := openapi3.NewLoader().LoadFromData(api.Spec)
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range own.Paths.Map() {
		for method, op := range item.Operations() {
			other := served.Paths.Value(path).GetOperation(method)
			if other == nil || other.OperationID != op.OperationID || other.Extensions["x-permission"] != op.Extensions["x-permission"] {
				t.Errorf("%s %s: %+v", method, path, other)
			}
		}
	}
	again := get("/v1/openapi.json")
	again.header = http.Header{"If-None-Match": {a.header.Get("ETag")}}
	if a := p.asTenant(t, nobody, again); a.status != http.StatusNotModified || len(a.body) > 0 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
