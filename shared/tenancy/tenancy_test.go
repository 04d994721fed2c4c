package tenancy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/coditect/platform/shared/tenancy"
)

func TestParseSlug(t *testing.T) {
	t.Parallel()
	for in, ok := range map[string]bool{
		"acme": true, "acme-2": true, "a1b": true, "north-sea-port": true, strings.Repeat("a", 40): true,
		"": false, "ab": false, strings.Repeat("a", 41): false, "Acme": false, "1acme": false, "-acme": false,
		"acme-": false, "ac--me": false, "xn--acme": false, "ac_me": false, "ac.me": false, "acmé": false, "аcme": false,
		"admin": false, "adm1n": false, "ad-min": false, "1ogin": false, "log1n": false, "l0gin": false, "vvvvvv": false, "adrnin": false,
		"acme\n": false, "ac me": false, "www": false,
	} {
		slug, err := tenancy.ParseSlug(in)
		if (err == nil) != ok {
			t.Errorf("ParseSlug(%q) = %q, %v; want ok=%v", in, slug, err, ok)
		}
		if err != nil && !errors.Is(err, tenancy.ErrInvalidSlug) {
			t.Errorf("ParseSlug(%q): %v is not ErrInvalidSlug", in, err)
		}
	}
}

func TestParseDomain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"app.example.org": "app.example.org", "App.Example.ORG.": "app.example.org", "bücher.example.com": "xn--bcher-kva.example.com",
		"xn--bcher-kva.example.com": "xn--bcher-kva.example.com",
		"":                          "", "example": "", "10.0.0.1": "", "::1": "", "a..b.org": "", "foo.localhost": "", "-a.example.org": "",
		"a.example.org:80": "", "a/b.example.org": "", "x.123": "", "a b.example.org": "", "*.example.org": "", "ex_ample.org": "",
	} {
		got, err := tenancy.ParseDomain(in)
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("ParseDomain(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestIDText(t *testing.T) {
	t.Parallel()
	id := tenancy.NewID()
	parsed, err := tenancy.ParseID(strings.ToUpper(id.String()))
	if err != nil || parsed != id {
		t.Fatalf("round trip of %s: %s, %v", id, parsed, err)
	}
	for _, bad := range []string{"", "urn:uuid:" + id.String(), "{" + id.String() + "}", strings.ReplaceAll(id.String(), "-", ""), strings.Repeat("z", 36)} {
		if _, err := tenancy.ParseID(bad); !errors.Is(err, tenancy.ErrInvalidID) {
			t.Errorf("ParseID(%q) accepted or wrong error: %v", bad, err)
		}
	}
}

func FuzzParseSlug(f *testing.F) {
	f.Add("acme")
	f.Add("xn--80ak6aa92e")
	f.Fuzz(func(t *testing.T, s string) {
		slug, err := tenancy.ParseSlug(s)
		if err != nil {
			return
		}
		if string(slug) != s || strings.ToLower(s) != s || strings.Contains(s, "--") || strings.ContainsAny(s, ". \x00\r\n/@:") {
			t.Fatalf("unsafe slug %q accepted", s)
		}
	})
}

func FuzzParseDomain(f *testing.F) {
	f.Add("app.example.org")
	f.Add("bücher.example.com.")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := tenancy.ParseDomain(s)
		if err != nil {
			return
		}
		again, err := tenancy.ParseDomain(string(d))
		if err != nil || again != d {
			t.Fatalf("%q → %q is not canonical: %q, %v", s, d, again, err)
		}
	})
}
