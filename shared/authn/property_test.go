package authn_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/authn/authntest"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/tenancy"
)

var words = rapid.StringMatching(`[a-zA-Z0-9:_é-]{1,20}`)

func drawToken(t *rapid.T) authntest.Token {
	token := authntest.Token{
		Subject: words.Draw(t, "subject"), ClientID: words.Draw(t, "client"), ID: words.Draw(t, "jti"),
		Scope:   strings.Join(rapid.SliceOfN(words, 0, 5).Draw(t, "scopes"), " "),
		Expires: began.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "seconds")) * time.Second),
		Tenants: map[tenancy.ID][]string{},
	}
	if rapid.Bool().Draw(t, "has tenant") {
		token.Tenant, token.Roles = tenancy.NewID(), rapid.SliceOfN(words, 0, 3).Draw(t, "roles")
	}
	for range rapid.IntRange(0, 5).Draw(t, "tenants") {
		token.Tenants[tenancy.NewID()] = rapid.SliceOfN(words, 1, 3).Draw(t, "roles there")
	}
	return token
}

func TestWhatIsMintedIsRead(t *testing.T) {
	t.Parallel()
	w := start(t)
	keys := []*authntest.Key{w.rsa, w.ec, w.ed}
	rapid.Check(t, func(r *rapid.T) {
		token := drawToken(r)
		text, err := rapid.SampledFrom(keys).Draw(r, "key").Mint(token)
		if err != nil {
			r.Fatal(err)
		}
		identity, err := w.Verify(t.Context(), text)
		if err != nil {
			r.Fatal(err)
		}
		want := map[tenancy.ID][]string{}
		for id, roles := range token.Tenants {
			want[id] = roles
		}
		if !token.Tenant.IsZero() {
			want[token.Tenant] = token.Roles
		}
		def, hasDefault := identity.Default()
		if hasDefault == token.Tenant.IsZero() || (hasDefault && def.TenantID != token.Tenant) || len(identity.Grants) != len(want) {
			r.Fatalf("grants: %+v of %+v", identity, token)
		}
		for id, roles := range want {
			grant, ok := identity.Grant(id)
			if !ok {
				r.Fatalf("no grant of %s", id)
			}
			p, err := cellapi.ParsePrincipal(grant.Principal)
			if err != nil || p.Subject != token.Subject || p.Client != token.ClientID || p.TokenID != token.ID ||
				!slices.Equal(p.Roles, roles) || strings.Join(p.Scopes, " ") != token.Scope {
				r.Fatalf("principal %+v of %+v: %v", p, token, err)
			}
		}
	})
}

// Whatever is done to a token's text, another text is never accepted.
func TestAlteredTokensAreRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	var valid []string
	for _, key := range []*authntest.Key{w.rsa, w.ec, w.ed} {
		for _, subject := range []string{"a", "bb", "ccc"} { // every length modulo 3
			valid = append(valid, mint(t, key, authntest.Token{Subject: subject}))
			accepted(t, w.Verifier, valid[len(valid)-1])
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		token := rapid.SampledFrom(valid).Draw(r, "token")
		at := rapid.IntRange(0, len(token)-1).Draw(r, "at")
		altered := token
		switch rapid.IntRange(0, 3).Draw(r, "how") {
		case 0:
			altered = token[:at] + string(alphabet[rapid.IntRange(0, 63).Draw(r, "letter")]) + token[at+1:]
		case 1:
			altered = token[:at] + string(rapid.Byte().Draw(r, "byte")) + token[at:]
		case 2:
			altered = token[:at] + token[at+1:]
		case 3:
			other := strings.Split(rapid.SampledFrom(valid).Draw(r, "other"), ".")
			parts := strings.Split(token, ".")
			n := rapid.IntRange(0, 2).Draw(r, "part")
			parts[n] = other[n]
			altered = strings.Join(parts, ".")
		}
		if identity, err := w.Verify(t.Context(), altered); err == nil && !slices.Contains(valid, altered) {
			r.Fatalf("accepted %q: %+v", altered, identity)
		}
	})
}

// The cache is not seen: a verifier with one agrees with the rule of expiry at
// any time, in any order of requests.
func TestCacheNeverOutlivesTokens(t *testing.T) {
	t.Parallel()
	w := start(t)
	tokens := make([]string, 100)
	for n := range tokens {
		tokens[n] = mint(t, w.ed, authntest.Token{Expires: began.Add(time.Duration(n) * time.Second)})
	}
	rapid.Check(t, func(r *rapid.T) {
		for range 20 {
			seconds := rapid.IntRange(0, 140).Draw(r, "now")
			w.clock.offset.Store(int64(time.Duration(seconds) * time.Second))
			n := rapid.IntRange(0, len(tokens)-1).Draw(r, "token")
			if _, err := w.Verify(t.Context(), tokens[n]); (err == nil) != (seconds < n+30) {
				r.Fatalf("at %d s, token until %d s: %v", seconds, n, err)
			}
		}
	})
}

var texts = rapid.String().Filter(func(s string) bool { return !strings.ContainsRune(s, utf8.RuneError) })

func drawJSON(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{texts.AsAny(), rapid.Float64Range(-1e9, 1e9).AsAny(), rapid.Bool().AsAny(), rapid.Just(any(nil))}
	if depth > 0 {
		inner := drawJSON(depth - 1)
		kinds = append(kinds, rapid.SliceOfN(inner, 0, 3).AsAny(), rapid.MapOfN(texts, inner, 0, 3).AsAny())
	}
	return rapid.OneOf(kinds...)
}

// For JSON without duplicates the strict reader and encoding/json agree.
func TestStrictReaderReadsWhatJSONReads(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		raw, err := json.Marshal(map[string]any{"member": drawJSON(3).Draw(r, "value")})
		if err != nil {
			r.Fatal(err)
		}
		strict, err := authn.ParseObject(raw)
		if err != nil {
			r.Fatalf("%s: %v", raw, err)
		}
		again, err := json.Marshal(strict)
		if err != nil {
			r.Fatal(err)
		}
		var a, b any
		if json.Unmarshal(raw, &a) != nil || json.Unmarshal(again, &b) != nil || !reflect.DeepEqual(a, b) {
			r.Fatalf("%s was read as %s", raw, again)
		}
	})
}
