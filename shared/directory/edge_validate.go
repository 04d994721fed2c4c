package directory

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

// Bounds of a tenant's edge policy.
const (
	MaxEdgePolicyBytes = 16 << 10 // of its JSON: every router holds it, every change carries it

	maxOrigins     = 50
	maxCORSHeaders = 50
	maxHeaderRules = 20 // removed and set together, for either direction
	maxHeaderName  = 128
	maxHeaderValue = 1 << 10
	maxCORSAge     = 24 * 60 * 60 // seconds; browsers cap it lower
	maxLimits      = 32
	maxClass       = 32
	minPerSecond   = 0.001 // about 86 requests a day; below it, only 0
	maxPerSecond   = 1e6
	maxCount       = 1_000_000
	maxBodyBytes   = 1 << 40
)

// corsMethods are the methods that a page's script can send (Fetch forbids
// CONNECT and TRACE).
var corsMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// Validate says everything that is wrong with the policy as one fault (invalid)
// whose violations are named by JSON pointer (RFC 6901), or nil. No message
// repeats what was sent: a header's value may be a secret.
func (p *EdgePolicy) Validate() error {
	if p == nil {
		return nil
	}
	f := fault.New(fault.Invalid, "the edge policy breaks rules of the API")
	// What JSON cannot express (not a number) is reported where it stands.
	if raw, err := json.Marshal(p); err == nil && len(raw) > MaxEdgePolicyBytes {
		return f.At("/", "use at most %d bytes of JSON", MaxEdgePolicyBytes)
	}
	if p.CORS != nil {
		p.CORS.validate(f)
	}
	p.RequestHeaders.validate(f, "/request_headers", setOnRequest)
	p.ResponseHeaders.validate(f, "/response_headers", setOnResponse)
	validateLimits(f, p.Limits)
	if len(f.Violations) == 0 {
		return nil
	}
	return f
}

func (c *CORS) validate(f *fault.Error) {
	c.validateOrigins(f)
	if tooMany(f, "/cors/allowed_methods", len(c.AllowedMethods), len(corsMethods)) {
		for i, m := range c.AllowedMethods {
			if !slices.Contains(corsMethods, m) {
				broken(f, at("/cors/allowed_methods", i), "use one of %s", strings.Join(corsMethods, ", "))
			}
		}
	}
	validateNames(f, "/cors/allowed_headers", c.AllowedHeaders)
	validateNames(f, "/cors/exposed_headers", c.ExposedHeaders)
	if c.MaxAgeSeconds < 0 || c.MaxAgeSeconds > maxCORSAge {
		broken(f, "/cors/max_age_seconds", "use 0 to %d", maxCORSAge)
	}
}

func (c *CORS) validateOrigins(f *fault.Error) {
	const where = "/cors/allowed_origins"
	if len(c.AllowedOrigins) == 0 {
		broken(f, where, "name an origin, or leave cors out")
	}
	if !tooMany(f, where, len(c.AllowedOrigins), maxOrigins) {
		return
	}
	for i, origin := range c.AllowedOrigins {
		switch {
		case origin == "*" && len(c.AllowedOrigins) > 1:
			broken(f, at(where, i), "* means every origin: name no other beside it")
		case origin != "*" && !canonicalOrigin(origin):
			broken(f, at(where, i), "use the form https://host or https://host:port, as browsers write it: lower case, punycode, no default port, no path; http for localhost only")
		}
	}
	if c.AllowCredentials && slices.Contains(c.AllowedOrigins, "*") {
		broken(f, "/cors/allow_credentials", "name the origins that may send credentials; * cannot")
	}
}

func validateNames(f *fault.Error, where string, names []string) {
	if !tooMany(f, where, len(names), maxCORSHeaders) {
		return
	}
	for i, name := range names {
		if !validHeaderName(name) {
			broken(f, at(where, i), "use the name of a header field, up to %d characters", maxHeaderName)
		}
	}
}

// validate checks the rules of one direction; reserved says why a name may not
// be set in it, or "".
func (h *HeaderRules) validate(f *fault.Error, where string, reserved func(string) string) {
	if h == nil || !tooMany(f, where, len(h.Remove)+len(h.Set), maxHeaderRules) {
		return
	}
	for i, name := range h.Remove {
		if why := refusedName(name, owned); why != "" {
			broken(f, at(where+"/remove", i), "%s", why)
		}
	}
	seen := map[string]bool{}
	for i, rule := range h.Set {
		why, plain := refusedName(rule.Name, reserved), plainName(rule.Name)
		if why == "" && seen[plain] {
			why = "is set twice; set it once"
		}
		seen[plain] = true
		if why != "" {
			broken(f, at(where+"/set", i)+"/name", "%s", why)
		}
		if !validHeaderValue(rule.Value) {
			broken(f, at(where+"/set", i)+"/value", "use up to %d printable ASCII characters, no blank at either end", maxHeaderValue)
		}
	}
}

func refusedName(name string, reserved func(string) string) string {
	if !validHeaderName(name) {
		return fmt.Sprintf("use the name of a header field, up to %d characters", maxHeaderName)
	}
	return reserved(plainName(name))
}

// plainName is the one spelling under which names are compared: servers behind
// the router may take an underscore for a hyphen (RFC 3875 §4.1.18).
func plainName(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", "-")
}

// ownedNames are the platform's, besides those with one of ownedPrefixes: what
// the router tells a cell, what frames a message, what is for one hop only.
var ownedNames = plainNames(
	cellapi.HeaderTenantID, cellapi.HeaderTenantEpoch, cellapi.HeaderRequestID, cellapi.HeaderPrincipal, cellapi.HeaderTimestamp,
	cellapi.HeaderSignature, cellapi.HeaderTraceparent, cellapi.HeaderTenantState, cellapi.HeaderTenantCell, "Tracestate", "Baggage",
	"Forwarded", "X-Real-Ip", "Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection",
	"Proxy-Authenticate", "Proxy-Authorization", "Proxy-Authentication-Info", "Te", "Trailer", "Trailers", "Upgrade", "Http2-Settings", "Expect",
)

var ownedPrefixes = []string{"x-forwarded", "x-tenant-", "x-edge-"}

func plainNames(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[plainName(name)] = true
	}
	return set
}

// owned says why no rule may touch a name, or "".
func owned(plain string) string {
	switch {
	case strings.HasPrefix(plain, "access-control-"):
		return "is part of CORS; say it under /cors"
	case ownedNames[plain] || slices.ContainsFunc(ownedPrefixes, func(prefix string) bool { return strings.HasPrefix(plain, prefix) }):
		return "belongs to the platform; leave it out"
	}
	return ""
}

// setOnRequest also keeps one tenant's rule from making every caller somebody.
func setOnRequest(plain string) string {
	if plain == "authorization" || plain == "cookie" {
		return "says who the caller is; it can be removed, not set"
	}
	return owned(plain)
}

func setOnResponse(plain string) string {
	if plain == "set-cookie" {
		return "belongs to the cell's answer; it can be removed, not set"
	}
	return setOnRequest(plain)
}

func validateLimits(f *fault.Error, limits []Limit) {
	if !tooMany(f, "/limits", len(limits), maxLimits) {
		return
	}
	seen := map[string]bool{}
	for i, l := range limits {
		where := at("/limits", i)
		switch {
		case !validClass(l.Class):
			broken(f, where+"/class", "use * or a route class: 1 to %d of a-z, 0-9 and hyphens, beginning with a letter", maxClass)
		case seen[l.Class]:
			broken(f, where+"/class", "has a limit above; give each class one")
		}
		seen[l.Class] = true
		l.validateNumbers(f, where)
	}
}

func (l *Limit) validateNumbers(f *fault.Error, where string) {
	if r := l.PerSecond; math.IsNaN(r) || r < 0 || r > maxPerSecond || r > 0 && r < minPerSecond {
		broken(f, where+"/per_second", "use 0 (unbounded), or %g to %.0f", minPerSecond, float64(maxPerSecond))
	}
	if l.Burst < 0 || l.Burst > maxCount {
		broken(f, where+"/burst", "use 0 to %d", maxCount)
	}
	if l.Concurrent < 0 || l.Concurrent > maxCount {
		broken(f, where+"/concurrent", "use 0 to %d", maxCount)
	}
	if l.MaxBody < 0 || l.MaxBody > maxBodyBytes {
		broken(f, where+"/max_body_bytes", "use 0 to %d", int64(maxBodyBytes))
	}
}

// tooMany reports a list that is too long, and whether its items are worth
// reading.
func tooMany(f *fault.Error, where string, n, most int) (readable bool) {
	if n > most {
		broken(f, where, "use at most %d", most)
	}
	return n <= most
}

// broken adds a violation.
func broken(f *fault.Error, field, format string, args ...any) { _ = f.At(field, format, args...) }

func at(list string, i int) string { return list + "/" + strconv.Itoa(i) }

func validClass(class string) bool {
	if class == "*" {
		return true
	}
	for i := 0; i < len(class); i++ {
		if c := class[i]; (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '-') {
			return false
		}
	}
	return class != "" && len(class) <= maxClass
}

// validHeaderName reports whether a name is a token (RFC 9110 §5.6.2).
func validHeaderName(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		letterOrDigit := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letterOrDigit && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return name != "" && len(name) <= maxHeaderName
}

// validHeaderValue is narrower than RFC 9110 §5.5: what is not ASCII has no
// agreed meaning, and blanks at the ends do not arrive.
func validHeaderValue(value string) bool {
	for i := 0; i < len(value); i++ {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	return len(value) <= maxHeaderValue && strings.Trim(value, " ") == value
}
