package resolve_test

import (
	"strings"
	"testing"

	"github.com/coditect/platform/router/internal/resolve"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const secret = "0123456789012345678901234567890123456789012"

func bearer(id tenancy.ID) string {
	return "Bearer cdt_" + strings.ReplaceAll(id.String(), "-", "") + "_" + secret
}

func TestKey(t *testing.T) {
	t.Parallel()
	r := resolve.New("example.com", "api.example.com")
	id := tenancy.NewID()
	for _, c := range []struct {
		host, auth string
		want       directory.Key
		code       fault.Code
	}{
		{"acme.example.com", "", directory.Key{Kind: directory.BySlug, Value: "acme"}, ""},
		{"ACME.Example.COM.", "", directory.Key{Kind: directory.BySlug, Value: "acme"}, ""},
		{"acme.example.com:8080", "", directory.Key{Kind: directory.BySlug, Value: "acme"}, ""},
		{"acme.example.com:", "", directory.Key{Kind: directory.BySlug, Value: "acme"}, ""},
		{"app.customer.org", "", directory.Key{Kind: directory.ByDomain, Value: "app.customer.org"}, ""},
		{"xn--bcher-kva.customer.org", "", directory.Key{Kind: directory.ByDomain, Value: "xn--bcher-kva.customer.org"}, ""},
		{"acme.example.com.evil.org", "", directory.Key{Kind: directory.ByDomain, Value: "acme.example.com.evil.org"}, ""},
		{"api.example.com", bearer(id), directory.Key{Kind: directory.ByID, Value: id.String()}, ""},
		{"api.example.com", "bearer" + bearer(id)[6:], directory.Key{Kind: directory.ByID, Value: id.String()}, ""},
		{"api.example.com", "", directory.Key{}, fault.Unauthenticated},
		{"api.example.com", "Bearer x", directory.Key{}, fault.Unauthenticated},
		{"api.example.com", bearer(id) + "x", directory.Key{}, fault.Unauthenticated},
		{"api.example.com", strings.Replace(bearer(id), "cdt_", "cdt_g", 1)[:len(bearer(id))], directory.Key{}, fault.Unauthenticated},
		{"example.com", "", directory.Key{}, fault.UnknownTenant},
		{"a.b.example.com", "", directory.Key{}, fault.UnknownTenant},
		{"ab.example.com", "", directory.Key{}, fault.UnknownTenant},
		{"localhost", "", directory.Key{}, fault.UnknownTenant},
		{"", "", directory.Key{}, fault.Malformed},
		{".", "", directory.Key{}, fault.Malformed},
		{"acme..example.com", "", directory.Key{}, fault.Malformed},
		{".example.com", "", directory.Key{}, fault.Malformed},
		{"[::1]:80", "", directory.Key{}, fault.Malformed},
		{"acme.example.com:80:80", "", directory.Key{}, fault.Malformed},
		{"acme.example.com:http", "", directory.Key{}, fault.Malformed},
		{"acme.example.com:123456", "", directory.Key{}, fault.Malformed},
		{"acmé.example.com", "", directory.Key{}, fault.Malformed},
		{"ac me.example.com", "", directory.Key{}, fault.Malformed},
		{"user@acme.example.com", "", directory.Key{}, fault.Malformed},
		{"acme.example.com/", "", directory.Key{}, fault.Malformed},
		{"-acme.example.com", "", directory.Key{}, fault.Malformed},
		{"acme-.example.com", "", directory.Key{}, fault.Malformed},
		{strings.Repeat("a", 64) + ".example.com", "", directory.Key{}, fault.Malformed},
		{strings.Repeat("a.", 130) + "com", "", directory.Key{}, fault.Malformed},
	} {
		var scratch [resolve.MaxHost]byte
		got, err := r.Key(c.host, c.auth, &scratch)
		if got != c.want || fault.CodeOf(err) != c.code {
			t.Errorf("Key(%q, %d bytes) = %v, %v; want %v %q", c.host, len(c.auth), got, err, c.want, c.code)
		}
	}
}

func TestResolvingAllocatesNothing(t *testing.T) {
	r := resolve.New("example.com", "api.example.com")
	var scratch [resolve.MaxHost]byte
	if n := testing.AllocsPerRun(100, func() {
		if _, err := r.Key("acme.example.com:8080", "", &scratch); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzKey(f *testing.F) {
	f.Add("acme.example.com:80", "")
	f.Add("api.example.com", bearer(tenancy.NewID()))
	r := resolve.New("example.com", "api.example.com")
	f.Fuzz(func(t *testing.T, host, auth string) {
		var scratch [resolve.MaxHost]byte
		key, err := r.Key(host, auth, &scratch)
		if err != nil {
			return
		}
		if strings.ToLower(key.Value) != key.Value || strings.ContainsAny(key.Value, " \x00\r\n/:@[]_") || key.Value == "" {
			t.Fatalf("unsafe key %+v from %q", key, host)
		}
		if key.Kind == directory.ByID {
			if _, err := tenancy.ParseID(key.Value); err != nil {
				t.Fatal(err)
			}
		}
	})
}
