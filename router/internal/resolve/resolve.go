package resolve

import (
	"encoding/hex"
	"strings"
	"unsafe"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Resolver knows the platform's own names.
type Resolver struct {
	suffix  string // "." + base domain
	domain  string
	apiHost string
}

// New returns a resolver for tenants under domain ("example.com") and an API
// host ("api.example.com"), both lower-case.
func New(domain, apiHost string) *Resolver {
	return &Resolver{suffix: "." + domain, domain: domain, apiHost: apiHost}
}

// Faults of resolving, made once.
var (
	errHost    = fault.New(fault.Malformed, "the Host header is not a host name")
	errUnknown = fault.New(fault.UnknownTenant, "no tenant answers at this host; use {slug}.<domain> or a verified custom domain")
	errNoToken = fault.New(fault.Unauthenticated, "send an API key or an access token: Authorization: Bearer …")
	// ErrNotAPIKey says that at the API host a bearer token came that is no API
	// key by its form: whoever can verify it knows the tenant.
	ErrNotAPIKey = fault.New(fault.Unauthenticated, "this is not an API key of this platform")
)

// Key returns the directory key of a request. Its value may share memory with
// host and scratch: it is valid as long as both are left alone.
func (r *Resolver) Key(host, authorization string, scratch *[MaxHost]byte) (directory.Key, error) {
	name, ok := canonicalHost(host, scratch)
	if !ok {
		return directory.Key{}, errHost
	}
	if name == r.apiHost {
		return keyOfToken(authorization, scratch)
	}
	if slug, under := strings.CutSuffix(name, r.suffix); under {
		if !plausibleSlug(slug) {
			return directory.Key{}, errUnknown
		}
		return directory.Key{Kind: directory.BySlug, Value: slug}, nil
	}
	if name == r.domain || strings.IndexByte(name, '.') < 0 {
		return directory.Key{}, errUnknown
	}
	return directory.Key{Kind: directory.ByDomain, Value: name}, nil
}

// plausibleSlug keeps what can be no slug away from the cache and the
// directory. It is not tenancy.ParseSlug: a slug that was given before a word
// became reserved still routes.
func plausibleSlug(s string) bool {
	return len(s) >= tenancy.MinSlugLength && len(s) <= tenancy.MaxSlugLength && strings.IndexByte(s, '.') < 0
}

// An API key is "cdt_" + tenant id (32 hex digits) + "_" + 43 characters of
// secret. The cell checks the secret in that tenant's own context.
const (
	bearer     = "Bearer "
	keyPrefix  = "cdt_"
	idDigits   = 32
	secretSize = 43
	keySize    = len(keyPrefix) + idDigits + 1 + secretSize
)

// TokenTenant returns the tenant inside an Authorization value, if it is an API
// key by its form.
func TokenTenant(authorization string) (id tenancy.ID, ok bool) {
	if len(authorization) != len(bearer)+keySize || !strings.EqualFold(authorization[:len(bearer)], bearer) {
		return id, false
	}
	token := authorization[len(bearer):]
	if token[:len(keyPrefix)] != keyPrefix || token[len(keyPrefix)+idDigits] != '_' {
		return id, false
	}
	var digits [idDigits]byte
	copy(digits[:], token[len(keyPrefix):])
	for _, c := range digits {
		if 'A' <= c && c <= 'F' { // one tenant, one spelling
			return id, false
		}
	}
	_, err := hex.Decode(id[:], digits[:])
	return id, err == nil
}

func keyOfToken(authorization string, scratch *[MaxHost]byte) (directory.Key, error) {
	if authorization == "" {
		return directory.Key{}, errNoToken
	}
	id, ok := TokenTenant(authorization)
	if !ok {
		return directory.Key{}, ErrNotAPIKey
	}
	text, err := id.AppendText(scratch[:0])
	if err != nil {
		return directory.Key{}, ErrNotAPIKey
	}
	return directory.Key{Kind: directory.ByID, Value: view(text)}, nil
}

// view reads b as a string without copying.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) } //nolint:gosec // G103: callers of Key keep scratch until they are done
