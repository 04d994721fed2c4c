package web_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

const spec = `
openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, maxLength: 4}}]
    put:
      operationId: put
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              required: [name]
              properties: {name: {type: string, minLength: 1, maxLength: 8}, n: {type: integer, minimum: 1}}
      responses: {"200": {description: ok}}
    get:
      operationId: get
      parameters: [{name: limit, in: query, schema: {type: integer, maximum: 10}}]
      responses: {"200": {description: ok}}
  /lines:
    post:
      operationId: lines
      requestBody: {required: true, content: {application/x-ndjson: {schema: {type: string}}}}
      responses: {"200": {description: ok}}
`

func handler(t *testing.T) http.Handler {
	t.Helper()
	validate, err := web.NewValidator([]byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	w := web.New(web.Options{
		Component: "test", Log: slog.New(slog.DiscardHandler), MaxBody: 256, Validate: validate,
		Streaming: func(r *http.Request) bool { return r.URL.Path == "/lines" },
	})
	r := mux.NewRouter()
	ok := func(rw http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.RenderBadRequest(rw, r, err)
		}
	}
	r.HandleFunc("/things/{id}", ok).Methods("GET", "PUT")
	r.HandleFunc("/lines", ok).Methods("POST")
	r.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("secret") })
	r.HandleFunc("/error", func(rw http.ResponseWriter, r *http.Request) { w.RenderError(rw, r, errors.New("secret")) })
	return w.Handler(r)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	h := handler(t)
	const json = "application/json"
	for _, c := range []struct {
		name, method, path, media, body string
		status                          int
		code                            fault.Code
	}{
		{"good", "PUT", "/things/a", json, `{"name":"x"}`, 200, ""},
		{"good with charset", "PUT", "/things/a", json + "; charset=utf-8", `{"name":"x","n":2}`, 200, ""},
		{"unknown path", "GET", "/nothing", "", "", 404, fault.NotFound},
		{"wrong method", "DELETE", "/things/a", "", "", 405, fault.MethodNotAllowed},
		{"odd method", "BREW", "/things/a", "", "", 405, fault.MethodNotAllowed},
		{"unknown field", "PUT", "/things/a", json, `{"name":"x","admin":true}`, 422, fault.Invalid},
		{"missing field", "PUT", "/things/a", json, `{}`, 422, fault.Invalid},
		{"wrong type", "PUT", "/things/a", json, `{"name":7}`, 422, fault.Invalid},
		{"path parameter", "PUT", "/things/abcdef", json, `{"name":"x"}`, 422, fault.Invalid},
		{"query parameter", "GET", "/things/a?limit=11", "", "", 422, fault.Invalid},
		{"query not a number", "GET", "/things/a?limit=x", "", "", 422, fault.Invalid},
		{"NUL in query", "GET", "/things/a?x=%00", "", "", 400, fault.Malformed},
		{"NUL in body", "PUT", "/things/a", json, `{"name":"\u0000"}`, 400, fault.Malformed},
		{"escaped backslash is no NUL", "PUT", "/things/a", json, `{"name":"\\u0000"}`, 200, ""},
		{"not JSON", "PUT", "/things/a", json, `{"name":`, 400, fault.Malformed},
		{"two values", "PUT", "/things/a", json, `{"name":"x"} {}`, 400, fault.Malformed},
		{"not UTF-8", "PUT", "/things/a", json, "{\"name\":\"\xff\"}", 400, fault.Malformed},
		{"empty", "PUT", "/things/a", json, "", 400, fault.Malformed},
		{"media type", "PUT", "/things/a", "text/plain", `{"name":"x"}`, 415, fault.UnsupportedMedia},
		{"no media type", "PUT", "/things/a", "", `{"name":"x"}`, 415, fault.UnsupportedMedia},
		{"too large", "PUT", "/things/a", json, `{"name":"` + strings.Repeat("x", 300) + `"}`, 413, fault.TooLarge},
		{"stream", "POST", "/lines", "application/x-ndjson", strings.Repeat("{}\n", 300), 200, ""},
		{"stream of another type", "POST", "/lines", json, "{}", 415, fault.UnsupportedMedia},
		{"panic", "GET", "/panic", "", "", 500, fault.Internal},
		{"foreign error", "GET", "/error", "", "", 500, fault.Internal},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
			if c.media != "" {
				r.Header.Set("Content-Type", c.media)
			}
			if c.body != "" && c.name == "too large" {
				r.ContentLength = -1 // chunked: found while reading
			}
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			body := rec.Body.String()
			if rec.Code != c.status || strings.Contains(body, "secret") || rec.Header().Get("X-Request-Id") == "" {
				t.Fatalf("%d %v %s", rec.Code, rec.Header(), body)
			}
			if c.code == "" {
				return
			}
			if rec.Header().Get("Content-Type") != fault.ContentType || !strings.Contains(body, `"code":"`+string(c.code)+`"`) ||
				!strings.Contains(body, rec.Header().Get("X-Request-Id")) {
				t.Errorf("not a full problem document: %s", body)
			}
			if c.status == 405 && rec.Header().Get("Allow") != "GET, PUT" {
				t.Errorf("Allow: %q", rec.Header().Get("Allow"))
			}
			if c.code == fault.Invalid && (!strings.Contains(body, `"violations"`) || strings.Contains(body, "abcdef")) {
				t.Errorf("violations: %s", body)
			}
		})
	}
}

func TestRequestIDIsKeptOnlyIfSane(t *testing.T) {
	t.Parallel()
	for id, keep := range map[string]bool{"abc-1": true, strings.Repeat("a", 128): true, strings.Repeat("a", 129): false, "a b": false, "é": false, "": false} {
		if web.ValidRequestID(id) != keep {
			t.Errorf("%q: want %v", id, keep)
		}
	}
}

func TestServeDrains(t *testing.T) {
	t.Parallel()
	listener, err := web.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stop()
		<-web.Draining(r.Context())
		_, _ = w.Write([]byte("finished"))
	})
	done := make(chan error, 1)
	go func() {
		done <- web.Serve(ctx, web.ServerOptions{Name: "test", Listener: listener, Handler: h, Log: slog.New(slog.DiscardHandler)})
	}()
	resp, err := http.Get("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "finished" {
		t.Errorf("in flight: %q, %v", body, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := web.Listen(listener.Addr().String() + "x"); err == nil || !strings.Contains(err.Error(), "choose another") {
		t.Errorf("listen: %v", err)
	}
}

// A client that goes away is no failure of ours: neither metrics nor log may
// count it as one.
func TestAClientThatWentAwayIsNoFailure(t *testing.T) {
	t.Parallel()
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	w := web.New(web.Options{Component: "test", Log: slog.New(slog.DiscardHandler)})
	rec := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	w.RenderError(rec, r, fault.Wrap(ctx.Err(), fault.Unavailable, "the database does not answer"))
	if rec.Code != 499 || rec.Body.Len() > 0 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}
