package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/httpapi"
	"github.com/coditect/platform/shared/fault"
)

// openRecorder is a write that notes how it ended.
type openRecorder struct {
	answer    *cell.Answer
	abandoned bool
	fails     error
	sent      func() bool // whether the client has got anything yet
	early     bool
}

func (o *openRecorder) Finish(_ context.Context, a cell.Answer) error {
	o.answer, o.early = &a, o.sent()
	return o.fails
}

func (o *openRecorder) Abandon(context.Context) { o.abandoned = true }

func TestOnlyWhatIsStoredIsAnswered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		fails  error
		status int
		stored int // 0: nothing is
	}{
		"success": {func(w http.ResponseWriter) { w.WriteHeader(201); _, _ = w.Write([]byte("made")) }, nil, 201, 201},
		"no body": {func(w http.ResponseWriter) { w.WriteHeader(204) }, nil, 204, 204},
		"refusal": {func(w http.ResponseWriter) { fault.WriteProblem(w, fault.New(fault.Conflict, "taken"), "r") }, nil, 409, 409},
		"failure": {func(w http.ResponseWriter) { fault.WriteProblem(w, fault.New(fault.Internal, "oh"), "r") }, nil, 500, 0},
		"panic":   {func(http.ResponseWriter) { panic("oh") }, nil, 0, 0},
		"lost":    {func(w http.ResponseWriter) { w.WriteHeader(201) }, fault.New(fault.Unavailable, "gone"), 503, 201},
	} {
		rec := httptest.NewRecorder()
		open := &openRecorder{fails: c.fails, sent: func() bool { return len(rec.Header()) > 0 || rec.Body.Len() > 0 }}
		call := &cell.Call{}
		handler := httpapi.WithOnce(func(w http.ResponseWriter, _ *http.Request, err error) { fault.WriteProblem(w, err, "r") })(
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				call.Once.Open = open
				c.answer(w)
			}))
		r := httptest.NewRequestWithContext(httpapi.WithCall(t.Context(), call), http.MethodPost, "/v1/x", strings.NewReader("{}"))
		r.Header.Set("Idempotency-Key", "k")
		panicked := serve(handler, rec, r)
		if panicked != (name == "panic") || !panicked && rec.Code != c.status || !open.abandoned || open.early {
			t.Errorf("%s: status %d, panicked %v, abandoned %v, answered before it was stored %v", name, rec.Code, panicked, open.abandoned, open.early)
		}
		if stored := open.answer; stored == nil != (c.stored == 0) || stored != nil && stored.Status != c.stored {
			t.Errorf("%s: stored %+v", name, stored)
		}
	}
}

func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (panicked bool) {
	defer func() { panicked = recover() != nil }()
	h.ServeHTTP(w, r)
	return false
}
