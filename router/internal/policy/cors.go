package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/coditect/platform/shared/directory"
)

// What a CORS policy allows if it does not say.
const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	corsHeaders = "authorization, content-type, idempotency-key, if-match, if-none-match, x-request-id, traceparent"
	corsExposed = "etag, idempotent-replayed, ratelimit, ratelimit-policy, retry-after, x-request-id"
	corsMaxAge  = 600
)

// AllowsOrigin reports whether pages of the origin may read answers. Origins
// are compared octet by octet (WHATWG Fetch: byte-serialised).
func AllowsOrigin(c *directory.CORS, origin string) bool {
	return c != nil && (slices.Contains(c.AllowedOrigins, origin) || anyOrigin(c))
}

// anyOrigin never holds together with credentials.
func anyOrigin(c *directory.CORS) bool {
	return !c.AllowCredentials && slices.Contains(c.AllowedOrigins, "*")
}

// AppendCORS appends the header lines of an answer to a page of the origin. An
// answer that could differ by origin says so to caches, whether allowed or not.
func AppendCORS(dst []byte, c *directory.CORS, origin string) []byte {
	if c == nil {
		return dst
	}
	if anyOrigin(c) {
		dst = append(dst, "Access-Control-Allow-Origin: *\r\n"...)
		return appendExposed(dst, c)
	}
	dst = append(dst, "Vary: Origin\r\n"...)
	if origin == "" || !slices.Contains(c.AllowedOrigins, origin) {
		return dst
	}
	dst = append(append(append(dst, "Access-Control-Allow-Origin: "...), origin...), '\r', '\n')
	if c.AllowCredentials {
		dst = append(dst, "Access-Control-Allow-Credentials: true\r\n"...)
	}
	return appendExposed(dst, c)
}

func appendExposed(dst []byte, c *directory.CORS) []byte {
	exposed := corsExposed
	if len(c.ExposedHeaders) > 0 {
		exposed = strings.Join(c.ExposedHeaders, ", ")
	}
	dst = append(dst, "Access-Control-Expose-Headers: "...)
	return append(append(dst, exposed...), '\r', '\n')
}

// AppendPreflight appends the header lines of the answer to a preflight, beside
// those of [AppendCORS].
func AppendPreflight(dst []byte, c *directory.CORS) []byte {
	methods, headers, age := corsMethods, corsHeaders, corsMaxAge
	if len(c.AllowedMethods) > 0 {
		methods = strings.Join(c.AllowedMethods, ", ")
	}
	if len(c.AllowedHeaders) > 0 {
		headers = strings.Join(c.AllowedHeaders, ", ")
	}
	if c.MaxAgeSeconds > 0 {
		age = c.MaxAgeSeconds
	}
	dst = append(append(append(dst, "Access-Control-Allow-Methods: "...), methods...), '\r', '\n')
	dst = append(append(append(dst, "Access-Control-Allow-Headers: "...), headers...), '\r', '\n')
	dst = append(dst, "Access-Control-Max-Age: "...)
	return append(strconv.AppendInt(dst, int64(age), 10), '\r', '\n')
}
