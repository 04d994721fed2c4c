package directory_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// violated returns the fields that a policy breaks, in order.
func violated(t *testing.T, p *directory.EdgePolicy) string {
	t.Helper()
	err := p.Validate()
	if err == nil {
		return ""
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.Invalid || len(f.Violations) == 0 {
		t.Fatalf("not a fault with violations: %v", err)
	}
	fields := make([]string, len(f.Violations))
	for i, v := range f.Violations {
		if v.Message == "" {
			t.Errorf("%s: no message", v.Field)
		}
		fields[i] = v.Field
	}
	return strings.Join(fields, " ")
}

func cors(edit func(*directory.CORS)) *directory.EdgePolicy {
	c := &directory.CORS{AllowedOrigins: []string{"https://app.example.org"}}
	edit(c)
	return &directory.EdgePolicy{CORS: c}
}

func origins(names ...string) *directory.EdgePolicy {
	return cors(func(c *directory.CORS) { c.AllowedOrigins = names })
}

func onRequest(h directory.HeaderRules) *directory.EdgePolicy {
	return &directory.EdgePolicy{RequestHeaders: &h}
}

func onResponse(h directory.HeaderRules) *directory.EdgePolicy {
	return &directory.EdgePolicy{ResponseHeaders: &h}
}

func set(name, value string) directory.HeaderRules {
	return directory.HeaderRules{Set: []directory.Header{{Name: name, Value: value}}}
}

func limits(l ...directory.Limit) *directory.EdgePolicy {
	return &directory.EdgePolicy{Limits: l}
}

func repeat(s string, n int) []string { return slices.Repeat([]string{s}, n) }

func TestEdgePolicyRules(t *testing.T) {
	t.Parallel()
	many := make([]directory.Limit, 33)
	for i := range many {
		many[i].Class = fmt.Sprintf("c%d", i)
	}
	for name, c := range map[string]struct {
		policy *directory.EdgePolicy
		fields string
	}{
		"none":             {nil, ""},
		"empty":            {&directory.EdgePolicy{}, ""},
		"empty rules":      {onRequest(directory.HeaderRules{}), ""},
		"no origins":       {origins(), "/cors/allowed_origins"},
		"50 origins":       {origins(repeat("https://a.example.org", 50)...), ""},
		"51 origins":       {origins(repeat("bad", 51)...), "/cors/allowed_origins"},
		"any origin":       {origins("*"), ""},
		"any and one":      {origins("https://a.example.org", "*"), "/cors/allowed_origins/1"},
		"two bad origins":  {origins("https://a.example.org", "x", "https://b.example.org/"), "/cors/allowed_origins/1 /cors/allowed_origins/2"},
		"credentials":      {cors(func(c *directory.CORS) { c.AllowCredentials = true }), ""},
		"any, credentials": {cors(func(c *directory.CORS) { c.AllowedOrigins, c.AllowCredentials = []string{"*"}, true }), "/cors/allow_credentials"},
		"methods": {cors(func(c *directory.CORS) {
			c.AllowedMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
		}), ""},
		"bad methods": {
			cors(func(c *directory.CORS) { c.AllowedMethods = []string{"get", "GET", "TRACE", "", "*", "G T"} }),
			"/cors/allowed_methods/0 /cors/allowed_methods/2 /cors/allowed_methods/3 /cors/allowed_methods/4 /cors/allowed_methods/5",
		},
		"many methods":     {cors(func(c *directory.CORS) { c.AllowedMethods = repeat("GET", 8) }), "/cors/allowed_methods"},
		"headers":          {cors(func(c *directory.CORS) { c.AllowedHeaders, c.ExposedHeaders = []string{"X-A", "*"}, []string{"ETag"} }), ""},
		"bad headers":      {cors(func(c *directory.CORS) { c.AllowedHeaders, c.ExposedHeaders = []string{"X A"}, []string{"", "é"} }), "/cors/allowed_headers/0 /cors/exposed_headers/0 /cors/exposed_headers/1"},
		"many headers":     {cors(func(c *directory.CORS) { c.AllowedHeaders = repeat("x y", 51) }), "/cors/allowed_headers"},
		"longest age":      {cors(func(c *directory.CORS) { c.MaxAgeSeconds = 86400 }), ""},
		"longer age":       {cors(func(c *directory.CORS) { c.MaxAgeSeconds = 86401 }), "/cors/max_age_seconds"},
		"negative age":     {cors(func(c *directory.CORS) { c.MaxAgeSeconds = -1 }), "/cors/max_age_seconds"},
		"rules":            {&directory.EdgePolicy{RequestHeaders: &directory.HeaderRules{Remove: []string{"Authorization", "Cookie", "User-Agent"}, Set: []directory.Header{{Name: "X-Plan", Value: "gold; q=1"}, {Name: "X-Empty"}}}}, ""},
		"20 rules":         {onRequest(directory.HeaderRules{Remove: repeat("X-A", 19), Set: []directory.Header{{Name: "X-A", Value: "1"}}}), ""},
		"21 rules":         {onRequest(directory.HeaderRules{Remove: repeat("Host", 20), Set: []directory.Header{{Name: "Host"}}}), "/request_headers"},
		"twice":            {onRequest(directory.HeaderRules{Set: []directory.Header{{Name: "X-A"}, {Name: "x_a"}}}), "/request_headers/set/1/name"},
		"name and value":   {onResponse(set("Host", "a\r\nb")), "/response_headers/set/0/name /response_headers/set/0/value"},
		"no name":          {onRequest(set("", "")), "/request_headers/set/0/name"},
		"long name":        {onRequest(set(strings.Repeat("x", 129), "")), "/request_headers/set/0/name"},
		"set-cookie":       {onResponse(directory.HeaderRules{Remove: []string{"Set-Cookie"}}), ""},
		"longest value":    {onRequest(set("X-A", strings.Repeat("v", 1024))), ""},
		"longer value":     {onRequest(set("X-A", strings.Repeat("v", 1025))), "/request_headers/set/0/value"},
		"limit of nothing": {limits(directory.Limit{Class: "*"}), ""},
		"limits":           {limits(directory.Limit{Class: "*", PerSecond: 0.001, Burst: 1_000_000, Concurrent: 1_000_000, MaxBody: 1 << 40}, directory.Limit{Class: "write-2", PerSecond: 1e6}), ""},
		"bad classes":      {limits(directory.Limit{}, directory.Limit{Class: "2a"}, directory.Limit{Class: "A"}, directory.Limit{Class: "a_b"}, directory.Limit{Class: "-"}, directory.Limit{Class: "**"}, directory.Limit{Class: strings.Repeat("a", 33)}), "/limits/0/class /limits/1/class /limits/2/class /limits/3/class /limits/4/class /limits/5/class /limits/6/class"},
		"longest class":    {limits(directory.Limit{Class: strings.Repeat("a", 32)}), ""},
		"class twice":      {limits(directory.Limit{Class: "a"}, directory.Limit{Class: "b"}, directory.Limit{Class: "a"}), "/limits/2/class"},
		"negative": {
			limits(directory.Limit{Class: "a", PerSecond: -1, Burst: -1, Concurrent: -1, MaxBody: -1}),
			"/limits/0/per_second /limits/0/burst /limits/0/concurrent /limits/0/max_body_bytes",
		},
		"too much": {
			limits(directory.Limit{Class: "a", PerSecond: 1_000_001, Burst: 1_000_001, Concurrent: 1_000_001, MaxBody: 1<<40 + 1}),
			"/limits/0/per_second /limits/0/burst /limits/0/concurrent /limits/0/max_body_bytes",
		},
		"not finite":  {limits(directory.Limit{Class: "a", PerSecond: math.NaN()}, directory.Limit{Class: "b", PerSecond: math.Inf(1)}, directory.Limit{Class: "c", PerSecond: math.Inf(-1)}), "/limits/0/per_second /limits/1/per_second /limits/2/per_second"},
		"hardly any":  {limits(directory.Limit{Class: "a", PerSecond: 1e-300}), "/limits/0/per_second"},
		"many limits": {limits(many...), "/limits"},
		"too large":   {&directory.EdgePolicy{RequestHeaders: largeRules(), ResponseHeaders: largeRules()}, "/"},
	} {
		if got := violated(t, c.policy); got != c.fields {
			t.Errorf("%s: violates %q, want %q", name, got, c.fields)
		}
	}
}

// largeRules are valid by themselves.
func largeRules() *directory.HeaderRules {
	h := &directory.HeaderRules{}
	for i := range 12 {
		h.Set = append(h.Set, directory.Header{Name: fmt.Sprintf("X-%d", i), Value: strings.Repeat("v", 1024)})
	}
	return h
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"https://example.org", "https://app.example.org:8443", "https://a-b.xn--bcher-kva.example", "https://intranet", "https://localhost", "https://192.0.2.1",
		"https://[2001:db8::1]:8443", "http://localhost", "http://localhost:3000", "http://acme.localhost:8080", "http://127.0.0.1:5173", "http://[::1]:3000", "https://example.org:80",
	} {
		if got := violated(t, origins(good)); got != "" {
			t.Errorf("%s is refused", good)
		}
	}
	for _, bad := range []string{
		"", "null", "example.org", "//example.org", "https:example.org", "https:/example.org", "https://", "https://:443", "http://example.org", "http://127.0.0.2", "HTTPS://example.org",
		"https://Example.org", "https://example.org/", "https://example.org?", "https://example.org#", "https://example.org:443", "http://localhost:80", "https://example.org:0",
		"https://example.org:08443", "https://example.org:65536", "https://example.org:", "https://example.org:+1", "https://user@example.org", "https://*.example.org", "https://bücher.example",
		"https://example.org.", "https://.example.org", "https://a..b", "https://-a.org", "https://a-.org", "https://a_b.org", "https://" + strings.Repeat("a", 64) + ".org",
		"https://" + strings.Repeat("a.", 127) + "org", "https://192.0.2", "https://192.0.2.256", "https://192.000.2.1", "https://0x7f.1", "https://a.0x7f", "https://2001:db8::1", "https://[2001:DB8::1]",
		"https://[2001:db8:0::1]", "https://[::ffff:192.0.2.1]", "https://[fe80::1%25eth0]", "https://[192.0.2.1]", "https://[::1", "https://::1]", "http://notlocalhost", "http://localhost.example.org",
		"file://localhost", "wss://example.org", " https://example.org", "https://example.org ", "https://exa mple.org", "https://example.org\n", "https://ex\x00ample.org",
	} {
		if got := violated(t, origins(bad)); got != "/cors/allowed_origins/0" {
			t.Errorf("%q is taken: %q", bad, got)
		}
	}
}

// owned are the names that no tenant may touch.
var owned = []string{
	"X-Tenant-ID", "X-Tenant-Epoch", "X-Tenant-Principal", "X-Tenant-Cell", "X-Tenant-Anything", "X-Request-Id", "X-Edge-Timestamp", "X-Edge-Signature", "X-Edge-New", "Tenant-State", "Traceparent", "Tracestate", "Baggage",
	"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Anything", "Forwarded", "X-Real-IP", "Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection",
	"Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Upgrade", "HTTP2-Settings", "Expect", "Access-Control-Allow-Origin",
}

func TestNamesOfThePlatformCannotBeTouchedInAnySpelling(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		name := spelled(r, rapid.SampledFrom(owned).Draw(r, "name"))
		for where, p := range map[string]*directory.EdgePolicy{
			"/request_headers/set/0/name": onRequest(set(name, "x")), "/response_headers/set/0/name": onResponse(set(name, "x")),
			"/request_headers/remove/0": onRequest(directory.HeaderRules{Remove: []string{name}}), "/response_headers/remove/0": onResponse(directory.HeaderRules{Remove: []string{name}}),
		} {
			if got := violated(t, p); got != where {
				r.Errorf("%s at %s: %q", name, where, got)
			}
		}
		for _, credential := range []string{"Authorization", "Cookie", "Set-Cookie"} {
			name := spelled(r, credential)
			if got := violated(t, onResponse(set(name, "x"))); got != "/response_headers/set/0/name" {
				r.Errorf("%s can be set on answers", name)
			}
			if got := violated(t, onResponse(directory.HeaderRules{Remove: []string{name}})); got != "" {
				r.Errorf("%s cannot be removed", name)
			}
			if got := violated(t, onRequest(set(name, "x"))); got == "" && credential != "Set-Cookie" {
				r.Errorf("%s can be set on requests", name)
			}
		}
	})
}

// spelled changes a name's case and some of its hyphens.
func spelled(r *rapid.T, name string) string {
	out := []byte(name)
	for i, c := range out {
		switch flip := rapid.Bool().Draw(r, "flip"); {
		case flip && c == '-':
			out[i] = '_'
		case flip && c >= 'a' && c <= 'z':
			out[i] = c - 32
		case flip && c >= 'A' && c <= 'Z':
			out[i] = c + 32
		}
	}
	return string(out)
}

// What is taken can be written into a message and read back as it was, and
// cannot become a second field or message.
func FuzzHeaderRule(f *testing.F) {
	for _, seed := range [][2]string{{"X-A", "b"}, {"X A", "b"}, {"X-A:", "b"}, {"X-A", "b\r\nHost: evil"}, {"x", " b"}, {"x", "\x7f"}, {"é", "é"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		if onRequest(set(name, value)).Validate() != nil {
			return
		}
		var wire strings.Builder
		if err := (http.Header{name: {value}}).Write(&wire); err != nil {
			t.Fatal(err)
		}
		if want := name + ": " + value + "\r\n"; wire.String() != want {
			t.Errorf("%q became %q", want, wire.String())
		}
	})
}

// What is taken is what a URL parser makes of it, and a browser of that.
func FuzzOrigin(f *testing.F) {
	for _, seed := range []string{"https://example.org", "http://localhost:3000", "https://[::1]", "https://a@b", "https://a:1:2", "https://1.2.3", "*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, origin string) {
		if origin == "*" || origins(origin).Validate() != nil {
			return
		}
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme+"://"+u.Host != origin || strings.ToLower(origin) != origin {
			t.Errorf("%q is %+v, %v", origin, u, err)
		}
		if u.Scheme == "http" && u.Hostname() != "localhost" && !strings.HasSuffix(u.Hostname(), ".localhost") && u.Hostname() != "127.0.0.1" && u.Hostname() != "::1" {
			t.Errorf("%q sends credentials without encryption", origin)
		}
	})
}

// Any JSON makes a policy that is taken or refused, never a panic; what is
// taken stays so through its own JSON, and is small. Messages quote no value.
func FuzzEdgePolicy(f *testing.F) {
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"cors":{"allowed_origins":["https://a.example.org","s3cret"],"max_age_seconds":99999999},"limits":[{"class":"*","per_second":1e308,"burst":3}]}`))
	f.Add([]byte(`{"request_headers":{"remove":["Cookie","s3cret name"],"set":[{"name":"X-Key","value":"s3cret\n"}]},"response_headers":{"set":[{"name":"host","value":"s3cret"}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var p directory.EdgePolicy
		if json.Unmarshal(raw, &p) != nil {
			return
		}
		err := p.Validate()
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%v", err)
			}
			return
		}
		again, err := json.Marshal(&p)
		if err != nil || len(again) > directory.MaxEdgePolicyBytes {
			t.Fatalf("%d bytes, %v", len(again), err)
		}
		var q directory.EdgePolicy
		if err := json.Unmarshal(again, &q); err != nil || q.Validate() != nil {
			t.Errorf("%s: %v, %v", again, err, q.Validate())
		}
	})
}
