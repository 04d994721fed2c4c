package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"go.yaml.in/yaml/v3"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
)

// document is the API's own document, as programs read it. It is the same for
// every tenant, so nothing of the database is asked for.
type document struct{ cell.Answer }

// readDocument turns the document into JSON: the same members, examples and
// extensions.
func readDocument(spec []byte) (document, error) {
	var parsed any
	if err := yaml.Unmarshal(spec, &parsed); err != nil {
		return document{}, fmt.Errorf("OpenAPI document: %w", err)
	}
	body, err := json.Marshal(parsed)
	if err != nil {
		return document{}, fmt.Errorf("OpenAPI document: %w", err)
	}
	return document{cell.Answer{Status: http.StatusOK, ETag: bodyTag(body), MediaType: "application/json", Body: body}}, nil
}

// GetOpenAPI implements the API.
func (s *server) GetOpenAPI(ctx context.Context, _ api.GetOpenAPIRequestObject) (api.GetOpenAPIResponseObject, error) {
	return sentDocument{s.document, requestFrom(ctx)}, nil
}

type sentDocument struct {
	document
	r *http.Request
}

// VisitGetOpenAPIResponse implements the API.
func (d sentDocument) VisitGetOpenAPIResponse(w http.ResponseWriter) error {
	sendConditional(w, d.r, d.Answer, 0)
	return nil
}
