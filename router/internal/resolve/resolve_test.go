package resolve_test

import (
	"strings"
	"testing"

	"github.com/coditect/platform/router/internal/resolve"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	idText = "01980f7e-6c1b-7d2a-9a3c-0123456789ab"
	idHex  = "01980f7e6c1b7d2a9a3c0123456789ab"
)

var (
	secret = strings.Repeat("aZ0-_bcdefg", 4)[:43]
	apiKey = "Bearer cdt_" + idHex + "_" + secret
)

func TestHostToKey(t *testing.T) {
	t.Parallel()
	r := resolve.New("localhost", "api.localhost")
	for host, want := range map[string]struct {
		kind  directory.KeyKind
		value string
		code  fault.Code
	}{
		"acme.localhost":               {directory.BySlug, "acme", ""},
		"acme.localhost:8080":          {directory.BySlug, "acme", ""},
		"ACME.LocalHost.":              {directory.BySlug, "acme", ""},
		"acme.localhost.:80":           {directory.BySlug, "acme", ""},
		"shop.example.org":             {directory.ByDomain, "shop.example.org", ""},
		"Shop.Example.ORG.:443":        {directory.ByDomain, "shop.example.org", ""},
		"xn--bcher-kva.example":        {directory.ByDomain, "xn--bcher-kva.example", ""},
		"API.localhost:8080":           {directory.ByID, idText, ""},
		"localhost":                    {code: fault.UnknownTenant},
		"a.b.localhost":                {code: fault.UnknownTenant},
		"ab.localhost":                 {code: fault.UnknownTenant},
		"single":                       {code: fault.UnknownTenant},
		"127.0.0.1":                    {code: fault.Malformed},
		"127.0.0.1:8080":               {code: fault.Malformed},
		"":                             {code: fault.Malformed},
		".":                            {code: fault.Malformed},
		":80":                          {code: fault.Malformed},
		"acme.localhost:":              {code: fault.Malformed},
		"acme.localhost:0":             {code: fault.Malformed},
		"acme.localhost:65536":         {code: fault.Malformed},
		"acme.localhost:80:80":         {code: fault.Malformed},
		"acme.localhost:+1":            {code: fault.Malformed},
		"acme.localhost..":             {code: fault.Malformed},
		"acme..localhost":              {code: fault.Malformed},
		".localhost":                   {code: fault.Malformed},
		"-acme.localhost":              {code: fault.Malformed},
		"acme-.localhost":              {code: fault.Malformed},
		"bücher.example":               {code: fault.Malformed},
		"ac_me.localhost":              {code: fault.Malformed},
		"acme.localhost/x":             {code: fault.Malformed},
		"acme@localhost":               {code: fault.Malformed},
		"a b.localhost":                {code: fault.Malformed},
		"[::1]":                        {code: fault.Malformed},
		"[::1]:8080":                   {code: fault.Malformed},
		"::1":                          {code: fault.Malformed},
		strings.Repeat("a", 64) + ".b": {code: fault.Malformed},
		strings.Repeat("a.", 200):      {code: fault.Malformed},
	} {
		var scratch [resolve.MaxHost]byte
		key, err := r.Key(host, apiKey, &scratch)
		if fault.CodeOf(err) != want.code {
			t.Errorf("%q: error %v, want %q", host, err, want.code)
		}
		if err == nil && (key.Kind != want.kind || key.Value != want.value) {
			t.Errorf("%q: %v, want %s %q", host, key, want.kind, want.value)
		}
	}
}

func TestTokenTenant(t *testing.T) {
	t.Parallel()
	for header, ok := range map[string]bool{
		apiKey: true, "bEaReR" + apiKey[6:]: true,
		"": false, "Bearer": false, "Basic" + apiKey[6:]: false, apiKey + "x": false, apiKey[:len(apiKey)-1]: false,
		"Bearer cdt_" + idHex[:31] + "g_" + secret: false, "Bearer cdt_" + idHex + "-" + secret: false,
		"Bearer ctk_" + idHex + "_" + secret: false, "Bearer eyJhbGciOiJub25lIn0.e30.": false,
	} {
		id, got := resolve.TokenTenant(header)
		if got != ok || ok && id.String() != idText {
			t.Errorf("%q: %s, %v; want %v", header, id, got, ok)
		}
	}
}

func TestAPIHostNeedsAKey(t *testing.T) {
	t.Parallel()
	r := resolve.New("localhost", "api.localhost")
	for _, authorization := range []string{"", "Bearer nonsense", "Basic YTpi"} {
		var scratch [resolve.MaxHost]byte
		if _, err := r.Key("api.localhost", authorization, &scratch); fault.CodeOf(err) != fault.Unauthenticated {
			t.Errorf("%q: %v", authorization, err)
		}
	}
}

func TestResolvingAHostAllocatesNothing(t *testing.T) {
	r, scratch := resolve.New("localhost", "api.localhost"), new([resolve.MaxHost]byte)
	if n := testing.AllocsPerRun(200, func() {
		for _, host := range []string{"Acme.localhost:8080", "acme.localhost", "Shop.example.org"} {
			if _, err := r.Key(host, apiKey, scratch); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzHost(f *testing.F) {
	for _, seed := range []string{"acme.localhost", "Shop.Example.org.:443", "[::1]:80", "xn--80ak6aa92e.com", "a..b"} {
		f.Add(seed)
	}
	r := resolve.New("localhost", "api.localhost")
	f.Fuzz(func(t *testing.T, host string) {
		var scratch [resolve.MaxHost]byte
		key, err := r.Key(host, "", &scratch)
		if err != nil {
			return
		}
		switch key.Kind {
		case directory.BySlug:
			if strings.ContainsAny(key.Value, "._: /\x00") || key.Value != strings.ToLower(key.Value) {
				t.Fatalf("%q → slug %q", host, key.Value)
			}
		case directory.ByDomain:
			if d, err := tenancy.ParseDomain(key.Value); err == nil && string(d) != key.Value {
				t.Fatalf("%q → domain %q, which the directory spells %q", host, key.Value, d)
			}
		default:
			t.Fatalf("%q without a credential → %v", host, key)
		}
	})
}

func FuzzTokenTenant(f *testing.F) {
	f.Add(apiKey)
	f.Add("bearer  cdt_")
	f.Fuzz(func(t *testing.T, header string) {
		id, ok := resolve.TokenTenant(header)
		if ok && !strings.Contains(strings.ToLower(header), "cdt_"+strings.ReplaceAll(id.String(), "-", "")+"_") {
			t.Fatalf("%q → %s", header, id)
		}
	})
}
