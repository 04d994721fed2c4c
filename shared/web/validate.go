package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/coditect/platform/shared/fault"
)

const (
	jsonType       = "application/json"
	mergeType      = "application/merge-patch+json"
	ndjsonType     = "application/x-ndjson"
	firstMalformed = "the request is not well-formed"
)

// NewValidator returns a middleware that checks requests against an OpenAPI 3.1
// document before any handler sees them. Paths that the document does not have
// pass through, for mux to answer. NDJSON bodies are streams: their handler
// checks them.
//
// The validator works on a copy marked 3.0.3: for 3.1, kin-openapi compiles each
// schema anew on every request, ten times as slow. The documents therefore keep
// to what both versions read alike.
func NewValidator(spec []byte) (func(http.Handler) http.Handler, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(spec)
	if err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	doc.OpenAPI, doc.Servers = "3.0.3", nil
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := validate(router, r); err != nil {
				fault.WriteProblem(w, err, RequestID(r.Context()))
				return
			}
			next.ServeHTTP(w, r)
		})
	}, nil
}

func validate(router routers.Router, r *http.Request) error {
	if strings.Contains(r.URL.Path, "\x00") || strings.Contains(r.URL.RawQuery, "%00") {
		return fault.New(fault.Malformed, "%s: NUL characters are not allowed", firstMalformed)
	}
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		return fault.Wrap(err, fault.Malformed, "%s: the query is not well formed", firstMalformed)
	}
	route, params, err := router.FindRoute(r)
	if err != nil {
		return nil //nolint:nilerr // an unknown path passes through: mux answers 404 or 405
	}
	options := &openapi3filter.Options{MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	if isStream(route.Operation) {
		options.ExcludeRequestBody = true
		if _, err := declaredType(r, route.Operation); err != nil {
			return err
		}
	} else if err := wellFormed(r, route.Operation); err != nil {
		return err
	}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		return requestFault(err)
	}
	return nil
}

func isStream(op *openapi3.Operation) bool {
	return op.RequestBody != nil && op.RequestBody.Value.Content[ndjsonType] != nil
}

// wellFormed checks what a schema cannot: one JSON value in valid UTF-8, nothing
// after it, no NUL (which Postgres cannot store), and a declared content type.
func wellFormed(r *http.Request, op *openapi3.Operation) error {
	if op.RequestBody == nil {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return requestFault(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) == 0 && !op.RequestBody.Value.Required {
		return nil
	}
	media, err := declaredType(r, op)
	if err != nil {
		return err
	}
	if media != jsonType && media != mergeType {
		return nil
	}
	if !utf8.Valid(body) || !json.Valid(body) {
		return fault.New(fault.Malformed, "the body is not one well-formed JSON value in UTF-8")
	}
	if bytes.Contains(body, []byte(`\u0000`)) && containsNUL(body) {
		return fault.New(fault.Malformed, "the body contains a NUL character")
	}
	return nil
}

// declaredType returns the body's media type, which must be one that the
// operation takes.
func declaredType(r *http.Request, op *openapi3.Operation) (string, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || op.RequestBody.Value.Content[media] == nil {
		return "", fault.New(fault.UnsupportedMedia, "send the body as %s", acceptedTypes(op))
	}
	return media, nil
}

func acceptedTypes(op *openapi3.Operation) string {
	var types []string
	for t := range op.RequestBody.Value.Content {
		types = append(types, t)
	}
	return strings.Join(types, " or ")
}

func containsNUL(body []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(body))
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		if s, ok := token.(string); ok && strings.ContainsRune(s, 0) {
			return true
		}
	}
}

func tooLarge(limit int64) *fault.Error {
	return fault.New(fault.TooLarge, "the body is larger than %d bytes", limit)
}

// requestFault turns an error of reading or validating a request into a fault
// whose violations name fields and quote none of the values sent.
func requestFault(err error) *fault.Error {
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) {
		return tooLarge(tooBig.Limit)
	}
	f := fault.Wrap(err, fault.Invalid, "the request breaks rules of the API")
	addViolations(f, "", err)
	if len(f.Violations) == 0 {
		return fault.Wrap(err, fault.Malformed, firstMalformed)
	}
	return f
}

func addViolations(f *fault.Error, field string, err error) {
	var many openapi3.MultiError
	var request *openapi3filter.RequestError
	var schema *openapi3.SchemaError
	switch {
	case errors.As(err, &request) && request.Parameter != nil && field == "":
		inner := request.Err
		if inner == nil {
			inner = errors.New(request.Reason)
		}
		addViolations(f, request.Parameter.Name, inner)
	case isMulti(err, &many):
		for _, e := range many {
			addViolations(f, field, e)
		}
	case errors.As(err, &request) && request.Err != nil && field == "":
		addViolations(f, "/", request.Err)
	case errors.As(err, &schema):
		if at := schema.JSONPointer(); len(at) > 0 {
			field = strings.TrimSuffix(field, "/") + "/" + strings.Join(at, "/")
		}
		f.Violations = append(f.Violations, fault.Violation{Field: field, Message: schema.Reason})
	default:
		f.Violations = append(f.Violations, fault.Violation{Field: orBody(field), Message: publicReason(err)})
	}
}

// isMulti reports whether err itself is a MultiError: errors.As would look
// through the request error around it and lose the parameter's name.
func isMulti(err error, many *openapi3.MultiError) bool {
	m, ok := err.(openapi3.MultiError) //nolint:errorlint // see above
	if ok {
		*many = m
	}
	return ok
}

func orBody(field string) string {
	if field == "" {
		return "/"
	}
	return field
}

func publicReason(err error) string {
	var parse *openapi3filter.ParseError
	if errors.As(err, &parse) || errors.Is(err, openapi3filter.ErrInvalidRequired) {
		return "has the wrong form or is missing"
	}
	return "is not valid"
}
