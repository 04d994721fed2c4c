package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

// checkLookups takes the validator's place in front of LookupMany: 256 keys
// cost the validator a millisecond, and it refuses a whole request for one
// key that holds a NUL.
func checkLookups(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			if err := wellFormedLookups(r); err != nil {
				fault.WriteProblem(w, err, web.RequestID(r.Context()))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// wellFormedLookups leaves the body to be read again by the generated code.
func wellFormedLookups(r *http.Request) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return fault.New(fault.UnsupportedMedia, "send the body as application/json")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return lookupsFault(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var request directory.LookupRequest
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return lookupsFault(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Malformed, "the body is not one well-formed JSON value in UTF-8")
	}
	if n := len(request.Keys); n == 0 || n > directory.MaxLookupKeys {
		return fault.New(fault.Invalid, "the request breaks rules of the API").At("/keys", "ask for 1 to %d keys", directory.MaxLookupKeys)
	}
	return nil
}

func lookupsFault(err error) error {
	var tooBig *http.MaxBytesError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tooBig):
		return fault.New(fault.TooLarge, "the body is larger than %d bytes", tooBig.Limit)
	case errors.As(err, &wrongType):
		return fault.Wrap(err, fault.Invalid, "the request breaks rules of the API").At("/"+strings.ReplaceAll(wrongType.Field, ".", "/"), "has the wrong type")
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return fault.Wrap(err, fault.Invalid, "the request has a member that the API does not know")
	}
	return fault.Wrap(err, fault.Malformed, "the body is not one well-formed JSON value in UTF-8")
}

// LookupMany answers for many keys as of one version.
func (s *server) LookupMany(ctx context.Context, r api.LookupManyRequestObject) (api.LookupManyResponseObject, error) {
	entries, version, err := s.Reader.LookupMany(ctx, each(r.Body.Keys, canonical))
	if err != nil {
		return nil, err
	}
	return api.LookupMany200JSONResponse{Version: version, Entries: entries}, nil
}
