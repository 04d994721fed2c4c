package fault_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/shared/fault"
)

func TestProblemRoundTrip(t *testing.T) {
	t.Parallel()
	secret := errors.New("password=hunter2")
	sent := fault.Wrap(secret, fault.Invalid, "the tenant is not valid").At("/slug", "is reserved").After(1500 * time.Millisecond)
	rec := httptest.NewRecorder()
	fault.WriteProblem(rec, sent, "req-1")

	if rec.Code != 422 || rec.Header().Get("Content-Type") != fault.ContentType || rec.Header().Get("Retry-After") != "2" {
		t.Errorf("answer: %d %v", rec.Code, rec.Header())
	}
	if body := rec.Body.String(); strings.Contains(body, "hunter2") || !strings.Contains(body, `"request_id":"req-1"`) {
		t.Errorf("body: %s", body)
	}
	got := fault.ReadProblem(rec.Code, rec.Header(), rec.Body)
	if got.Code != fault.Invalid || len(got.Violations) != 1 || got.RetryAfter != 2*time.Second {
		t.Errorf("read back: %+v", got)
	}
	if !errors.Is(sent, secret) || !errors.Is(got, fault.New(fault.Invalid, "")) {
		t.Error("errors.Is does not see cause or code")
	}
}

func TestForeignErrorsStayInside(t *testing.T) {
	t.Parallel()
	p := fault.ProblemOf(errors.New(`pq: relation "users" does not exist`), "")
	if p.Status != 500 || strings.Contains(p.Detail, "users") {
		t.Errorf("%+v", p)
	}
}

func TestReadProblemOfAnotherServer(t *testing.T) {
	t.Parallel()
	got := fault.ReadProblem(503, nil, strings.NewReader("<html>"))
	if got.Code != fault.Unavailable {
		t.Errorf("%+v", got)
	}
}
