package authn

import (
	"time"

	"github.com/coditect/platform/shared/fault"
)

// The ways in which a token is refused. They are shared between requests, so
// nobody may change them; none says anything of a key.
var (
	errTooLong   = refusal("the token is longer than 8 KiB; ask for one that grants fewer tenants or roles")
	errCompact   = refusal("the token is not a signed JWT in compact form (three base64url parts without padding, separated by dots)")
	errHeader    = refusal("the token's header is not a JSON object with unique names and valid values")
	errAlgorithm = refusal("the token's algorithm is not accepted; RS256, ES256 and EdDSA are")
	errType      = refusal("the token's type is not accepted; JWT and at+jwt are, so send the access token and not another one")
	errExtension = refusal("the token's header points to a key or demands an extension (jku, x5u, x5c, jwk, crit, b64); that is not accepted")
	errWrongKey  = refusal("the token's algorithm is not that of the key it names")
	errUnknown   = refusal("the token names a key that the issuer does not publish; get a new token, or repeat the request in some seconds if it is new")
	errNoKeyName = refusal("the token does not name its key (kid), and no single key fits it")
	errSignature = refusal("the token's signature does not match")
	errClaims    = refusal("the token's claims are not a JSON object with unique names")
	errIssuer    = refusal("the token was made by another issuer")
	errAudience  = refusal("the token was issued for another audience")
	errExpired   = refusal("the token has expired; get a new one")
	errNotYet    = refusal("the token is not valid yet; check the issuer's clock")
	errSubject   = refusal("the token names no subject (sub), or one longer than 255 bytes")
	errNoExpiry  = refusal("the token has no expiry (exp)")
	errTenants   = refusal("the token's tenants are not valid: at most 64, each a UUID once, each with its roles, and the default tenant's the same as in roles")
	errTooMuch   = refusal("the token carries more roles and scopes than fit a request; ask for one with fewer")
)

// Our side's reasons for not knowing whether a token is good.
var (
	errNoKeys   = fault.New(fault.Unavailable, "tokens cannot be checked yet: the issuer's keys are not known; try again").After(5 * time.Second)
	errFetching = fault.New(fault.Unavailable, "the token's key is being fetched; try again").After(time.Second)
)

func refusal(message string) *fault.Error { return fault.New(fault.Unauthenticated, "%s", message) }

// badClaim is the refusal of a claim that has not the form it should have.
func badClaim(name, want string) error {
	return fault.New(fault.Unauthenticated, "the token's claim %q is not %s", name, want)
}
