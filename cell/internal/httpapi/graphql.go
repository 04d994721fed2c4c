package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/internal/graph"
	"github.com/coditect/platform/shared/fault"
)

// QueryGraph implements the API.
func (s *server) QueryGraph(ctx context.Context, r api.QueryGraphRequestObject) (api.QueryGraphResponseObject, error) {
	request := graph.Request{Query: r.Body.Query, Operation: orEmpty(r.Body.OperationName)}
	if r.Body.Variables != nil {
		decoder := json.NewDecoder(bytes.NewReader(*r.Body.Variables))
		decoder.UseNumber() // the schema says which numbers are whole
		if err := decoder.Decode(&request.Variables); err != nil {
			return nil, fault.Wrap(err, fault.Malformed, "the variables are not well-formed")
		}
	}
	body, err := s.Graph.Answer(ctx, callFrom(ctx), request)
	if err != nil {
		return nil, err
	}
	return graphAnswer(body), nil
}

// graphAnswer is written as it was made.
type graphAnswer []byte

// VisitQueryGraphResponse implements the API.
func (a graphAnswer) VisitQueryGraphResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(a)
	return err
}
