package proxy

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

// retryAfter is what a client is told when something is down for now.
const retryAfter = 2 * time.Second

// writeProblem replaces whatever stands in the answer by err's problem document.
func writeProblem(ctx *fasthttp.RequestCtx, err error, requestID string) {
	problem := fault.ProblemOf(err, requestID)
	body, jsonErr := json.Marshal(problem)
	if jsonErr != nil {
		body = nil // cannot happen: a Problem has only strings and numbers
	}
	resp := &ctx.Response
	closing := resp.ConnectionClose()
	resp.Reset()
	resp.SetStatusCode(problem.Status)
	resp.Header.SetContentType(fault.ContentType)
	resp.Header.Set("Cache-Control", "no-store")
	if requestID != "" {
		resp.Header.Set(cellapi.HeaderRequestID, requestID)
	}
	var f *fault.Error
	if errors.As(err, &f) && f.RetryAfter > 0 {
		resp.Header.Set("Retry-After", fault.RetryAfterSeconds(f.RetryAfter))
	}
	if problem.Status == fasthttp.StatusUnauthorized {
		resp.Header.Set("WWW-Authenticate", "Bearer")
	}
	resp.SetBodyRaw(body)
	if closing {
		resp.SetConnectionClose()
	}
}
