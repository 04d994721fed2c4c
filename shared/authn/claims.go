package authn

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/coditect/platform/shared/tenancy"
)

const (
	maxSubject = 255          // bytes; OpenID Connect Core §2
	maxDate    = 253402300799 // end of the year 9999, seconds since 1970
)

// claims is what counts of a payload (RFC 7519 §4, RFC 9068 §2.2, and ours).
type claims struct {
	issuer, subject, client, tokenID string
	role                             string // an operator's
	audience                         []string
	expires, notBefore               time.Time // zero: not given
	scopes                           []string
	tenant                           tenancy.ID // zero: none
	roles                            []string
	tenants                          map[tenancy.ID][]string
}

// parseClaims reads a payload. Its time, issuer and audience are not judged.
func parseClaims(payload []byte) (*claims, error) {
	o, err := parseObject(payload)
	if err != nil {
		return nil, errClaims
	}
	r := claimReader{object: o}
	c := &claims{
		issuer: r.text("iss"), subject: r.text("sub"), client: r.text("client_id"), tokenID: r.text("jti"),
		role: r.text("role"), audience: r.audience(), expires: r.date("exp"), notBefore: r.date("nbf"), scopes: r.scopes(),
	}
	r.date("iat") // says nothing of validity, but has a form
	if r.err != nil {
		return nil, r.err
	}
	return c, c.readTenants(o)
}

// judge says whether the claims hold here and now.
func (c *claims) judge(opts *Options, now time.Time) error {
	switch {
	case c.issuer != opts.Issuer:
		return errIssuer
	case !slices.Contains(c.audience, opts.Audience):
		return errAudience
	case c.expires.IsZero():
		return errNoExpiry
	case !now.Before(c.expires.Add(opts.Skew)):
		return errExpired
	case now.Before(c.notBefore.Add(-opts.Skew)):
		return errNotYet
	case c.subject == "" || len(c.subject) > maxSubject:
		return errSubject
	}
	return nil
}

// claimReader reads members of a payload and keeps the first error.
type claimReader struct {
	object object
	err    error
}

func (r *claimReader) refuse(name, want string) {
	if r.err == nil {
		r.err = badClaim(name, want)
	}
}

func (r *claimReader) text(name string) string {
	text, ok := r.object.text(name)
	if !ok {
		r.refuse(name, "a text")
	}
	return text
}

// date reads a NumericDate (RFC 7519 §2), which may have a fraction.
func (r *claimReader) date(name string) time.Time {
	value, present := r.object[name]
	if !present {
		return time.Time{}
	}
	number, ok := value.(json.Number)
	seconds, err := number.Float64()
	if !ok || err != nil || seconds < 0 || seconds > maxDate {
		r.refuse(name, "a time in seconds since 1970")
		return time.Time{}
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9))
}

func (r *claimReader) audience() []string {
	if one, ok := r.object["aud"].(string); ok {
		return []string{one}
	}
	many, ok := r.object.texts("aud")
	if !ok {
		r.refuse("aud", "a text or a list of texts")
	}
	return many
}

// scopes reads "scope", a text with spaces (RFC 8693 §4.2), or else "scp", a list.
func (r *claimReader) scopes() []string {
	if r.object.has("scope") {
		return strings.Fields(r.text("scope"))
	}
	list, ok := r.object.texts("scp")
	if !ok {
		r.refuse("scp", "a list of texts")
	}
	return list
}
