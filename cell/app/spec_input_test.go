package app_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coditect/platform/shared/fault"
)

// payloads are texts that break something somewhere, if anything can.
var payloads = map[string]string{
	"SQL":         `'; DROP TABLE users; --`,
	"SQL or":      `' OR '1'='1`,
	"XSS":         `<script>alert(1)</script>`,
	"header":      "x\r\nSet-Cookie: a=b",
	"template":    `{{.Secret}}${7*7}`,
	"bidi":        "\u202eevil\u202c",
	"long":        strings.Repeat("x", 5000),
	"path":        "../../../etc/passwd",
	"surrogate":   `\ud800`,
	"number":      "1e999999",
	"escape":      "\x1b[2J",
	"replacement": "\ufffd",
	"null":        "null",
}

// In every text of every body, in every parameter of every query and path, and
// in every header that an operation declares, every payload is refused as the
// client's fault, and then nothing is stored, or taken as the text that it is:
// never a failure of ours, never an answer that is no document.
func TestEveryOperationWithHostileTexts(t *testing.T) {
	t.Parallel()
	p := shared()
	for _, op := range operations(t) {
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, p)
			base := w.sample(op, w, nil)
			var refused []request
			for name, payload := range payloads {
				for _, r := range hostile(op, base, payload) {
					a := p.asTenant(t, w.tn, r)
					switch inBody, _ := r.body.(map[string]any); {
					case a.status >= 400:
						refused = append(refused, r)
						checkRefusal(t, name, r, a)
					case inBody != nil && !w.holds(t, payload):
						t.Errorf("%s: %s %s %v: taken, and not stored as it was sent: %s", name, r.method, r.target, r.body, a.body)
					}
					if a.header.Get("Set-Cookie") != "" {
						t.Errorf("%s: %s %s: %v", name, r.method, r.target, a.header)
					}
				}
			}
			before := w.digest(t)
			for _, r := range refused {
				p.asTenant(t, w.tn, r)
			}
			if w.digest(t) != before {
				t.Error("something that was refused is stored")
			}
		})
	}
}

func checkRefusal(t *testing.T, name string, r request, a answer) {
	t.Helper()
	ours := a.status >= 500 || a.status == http.StatusUnauthorized || a.status == http.StatusForbidden
	if ours || a.header.Get("Content-Type") != fault.ContentType || a.code() == "" || a.text("request_id") == "" {
		t.Errorf("%s: %s %s %v: %d %v %s", name, r.method, r.target, r.header, a.status, a.header, a.body)
	}
}

// hostile puts the payload into each text of the sample in turn.
func hostile(op operation, base request, payload string) []request {
	var requests []request
	add := func(change func(*request)) {
		r := base
		change(&r)
		requests = append(requests, r)
	}
	if body, ok := base.body.(map[string]any); ok {
		for field, value := range body {
			if _, isText := value.(string); isText {
				add(func(r *request) {
					changed := maps.Clone(body)
					changed[field] = payload
					r.body = changed
				})
			}
		}
	}
	for _, parameter := range op.spec.Parameters {
		switch name := parameter.Value.Name; {
		case parameter.Value.In == "query":
			add(func(r *request) {
				path, _, _ := strings.Cut(r.target, "?")
				r.target = path + "?" + url.Values{name: {payload}}.Encode()
			})
		case parameter.Value.In == "header" && !strings.ContainsAny(payload, "\r\n\x1b"): // the test's own client sends no other
			add(func(r *request) { r.header = http.Header{http.CanonicalHeaderKey(name): {payload}} })
		}
	}
	for i := range op.params {
		add(func(r *request) {
			parts, place := strings.Split(op.path, "/"), strings.Split(r.target, "/")
			n := 0
			for j, part := range parts {
				if strings.HasPrefix(part, "{") {
					if n == i {
						place[j] = url.PathEscape(payload)
					}
					n++
				}
			}
			r.target = strings.Join(place, "/")
		})
	}
	return requests
}

// holds reports whether some row of the tenant has the text, exactly.
func (w *world) holds(t *testing.T, text string) bool {
	t.Helper()
	var spelled bytes.Buffer
	encoder := json.NewEncoder(&spelled)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		t.Fatal(err)
	}
	var rows string
	query := strings.Replace(w.p.digestQuery(t), "md5(coalesce(string_agg(text, ',' ORDER BY text), ''))", "string_agg(text, ',')", 1)
	if err := w.p.asSuperuser(t).QueryRow(t.Context(), query, w.tn.id.String()).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return strings.Contains(rows, strings.TrimSpace(spelled.String()))
}

// Bodies that are no bodies are refused at every operation that takes one, and
// nothing is stored.
func TestEveryOperationWithBrokenBodies(t *testing.T) {
	t.Parallel()
	p := shared()
	for _, op := range operations(t) {
		if op.spec.RequestBody == nil {
			continue
		}
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, p)
			base := w.sample(op, w, nil)
			good, err := json.Marshal(base.body)
			if err != nil {
				t.Fatal(err)
			}
			before := w.digest(t)
			for name, body := range brokenBodies(string(good)) {
				r := base
				if r.body = body; r.method != http.MethodPatch {
					r.media = "application/json"
				}
				a := p.asTenant(t, w.tn, r)
				if checkRefusal(t, name, r, a); !slices.Contains([]int{400, 413, 422}, a.status) {
					t.Errorf("%s: %d %s", name, a.status, a.body)
				}
			}
			for _, media := range []string{"text/plain", "application/xml", "multipart/form-data", "nonsense"} {
				r := base
				r.body, r.media = string(good), media
				if a := p.asTenant(t, w.tn, r); a.status != http.StatusUnsupportedMediaType && a.status != http.StatusBadRequest {
					t.Errorf("as %s: %d %s", media, a.status, a.body)
				}
			}
			if w.digest(t) != before {
				t.Error("something was stored")
			}
		})
	}
}

func brokenBodies(good string) map[string]string {
	bodies := map[string]string{
		"deep":         strings.Repeat(`{"name":`, 20000) + `1` + strings.Repeat(`}`, 20000),
		"deep list":    strings.Repeat(`[`, 30000) + strings.Repeat(`]`, 30000),
		"not UTF-8":    strings.Replace(good, `:"`, ":\"\xff\xfe", 1),
		"NUL":          strings.Replace(good, `:"`, `:"\u0000`, 1),
		"twice":        good + good,
		"cut":          good[:len(good)-1],
		"unknown":      strings.Replace(good, `{`, `{"tenant_id":"0198c0de-0000-7000-8000-000000000000",`, 1),
		"prototype":    strings.Replace(good, `{`, `{"__proto__":{"role":"owner"},`, 1),
		"list":         `[]`,
		"null":         `null`,
		"number":       `1e400`,
		"too large":    `{"name":"` + strings.Repeat("x", 400<<10) + `"}`,
		"nothing":      ``,
		"another type": `"text"`,
	}
	maps.DeleteFunc(bodies, func(_, body string) bool { return body == good }) // nothing of the kind fits in
	return bodies
}

// Lists take no page but theirs: sizes out of bounds, cursors of other lists
// and other tenants, and cursors that were touched.
func TestEveryListWithForeignCursors(t *testing.T) {
	t.Parallel()
	p := shared()
	other := newWorld(t, p)
	other.make(t, "workspace_id", nil)
	other.make(t, "workspace_id", nil)
	foreign := expect(t, p.asTenant(t, other.tn, get("/v1/workspaces?limit=1")), 200).text("next_cursor")
	if foreign == "" {
		t.Fatal("no cursor")
	}
	for _, op := range operations(t) {
		if op.spec.Parameters.GetByInAndName("query", "cursor") == nil {
			continue
		}
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, p)
			r := w.sample(op, w, nil)
			queries := []string{
				"cursor=" + foreign, "cursor=" + foreign[1:], "cursor=" + strings.ToUpper(foreign), "cursor=", "cursor=%00", "cursor=%ff", "cursor=..%2F..",
			}
			if op.spec.Parameters.GetByInAndName("query", "limit") != nil {
				queries = append(queries, "limit=0", "limit=-1", "limit=201", "limit=99999999999999999999", "limit=1e3", "limit=1;DROP", "limit=1&limit=2")
			}
			for _, query := range queries {
				try := r
				try.target += "?" + query
				a := p.asTenant(t, w.tn, try)
				if checkRefusal(t, query, try, a); a.status != 422 && a.status != 400 {
					t.Errorf("%s: %d %s", query, a.status, a.body)
				}
			}
		})
	}
}
