package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/coditect/platform/shared/fault"
)

// maxAnswer bounds what is read of one answer, in bytes: a page of 1,000
// tenants stays far below.
const maxAnswer = 32 << 20

// answer decodes what the generated client got: a T, or the failure that the
// problem document tells. It closes the body.
func answer[T any](resp *http.Response, err error) (T, error) {
	var v T
	if err != nil {
		return v, err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return v, problem(resp)
	}
	if resp.StatusCode == http.StatusNoContent {
		return v, nil
	}
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind != "application/json" {
		return v, stranger(resp)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&v); err != nil {
		f := failed("the answer broke off or is not what was expected: %s", innermost(err))
		f.requestID = resp.Header.Get("X-Request-Id")
		return v, f.withHint("try again; if it stays, compare 'cellctl version' with the control plane's")
	}
	return v, nil
}

// nothing is the answer of operations that have none.
type nothing struct{}

// problem turns an error answer into a failure.
func problem(resp *http.Response) *failure {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != fault.ContentType && (resp.StatusCode < 400 || resp.StatusCode == http.StatusNotFound) {
		return stranger(resp)
	}
	said := fault.ReadProblem(resp.StatusCode, resp.Header, resp.Body)
	f := faultFailure(said)
	f.requestID = resp.Header.Get("X-Request-Id")
	return f
}

// faultFailure is what a fault of the control plane means at the terminal.
func faultFailure(said *fault.Error) *failure {
	f := &failure{exit: exitOf(said.Code), what: said.Message, code: said.Code, retryAfter: said.RetryAfter, cause: said}
	if f.what == "" {
		f.what = "the control plane refused"
	}
	var rules []string
	for _, v := range said.Violations {
		rules = append(rules, strings.TrimSpace(v.Field+" "+v.Message))
	}
	if len(rules) > 0 {
		f.what += ": " + strings.Join(rules, "; ")
	}
	f.hint = hintOf(said)
	return f
}

// stranger is the failure of an answer that no control plane gives.
func stranger(resp *http.Response) *failure {
	f := failed("the server answered %d, but not as a control plane does", resp.StatusCode)
	f.requestID = resp.Header.Get("X-Request-Id")
	return f.withHint("check the server's URL: cellctl context ls")
}

func exitOf(code fault.Code) int {
	switch code {
	case fault.Unauthenticated, fault.Forbidden:
		return ExitAuth
	case fault.Conflict, fault.KeyReused, fault.Stale:
		return ExitConflict
	}
	return ExitFailed
}

// hintOf is what to do about a code, whatever the command was.
func hintOf(said *fault.Error) string {
	switch said.Code {
	case fault.Unauthenticated:
		return "the key is missing, wrong or revoked; give this context another: cellctl context set NAME --key-file FILE"
	case fault.Forbidden:
		return "'cellctl whoami' shows the key's role; changes need operator or admin"
	case fault.KeyReused:
		return "an idempotency key belongs to one request; leave --idempotency-key out for a new one"
	case fault.Stale:
		return "it changed in the meantime; look at it again and repeat"
	case fault.Invalid, fault.Malformed:
		return "correct the values and repeat; nothing was changed"
	case fault.Conflict:
		if said.RetryAfter > 0 {
			return fmt.Sprintf("the same request is still being worked on; try again in %s", said.RetryAfter)
		}
	case fault.RateLimited, fault.Unavailable, fault.Timeout, fault.BadGateway:
		if said.RetryAfter > 0 {
			return fmt.Sprintf("try again in %s", said.RetryAfter)
		}
		return "try again in a moment"
	case fault.Internal:
		return "if it stays, report it with the request id"
	}
	return ""
}
