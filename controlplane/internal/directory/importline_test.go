package directory_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

func TestParseImportLine(t *testing.T) {
	t.Parallel()
	id := tenancy.NewID()
	line, err := directory.ParseImportLine([]byte(`{"tenant_id":"` + id.String() + `","slug":"acme","organization":"Acme & Söhne",
		"owner":{"name":"Ann","email":"ann@example.org"},"region":"europe-west1","plan":"team","cell":"cell-b"}`))
	want := directory.ImportLine{
		TenantID: id, Slug: "acme", Organization: "Acme & Söhne", Owner: controlplane.Owner{Name: "Ann", Email: "ann@example.org"},
		Region: "europe-west1", Plan: "team", Cell: "cell-b",
	}
	if err != nil || line != want {
		t.Errorf("%+v, %v", line, err)
	}
	if line, err := directory.ParseImportLine([]byte(`{"slug":"acme","organization":"A"}`)); err != nil || line.Plan != controlplane.DefaultPlan {
		t.Errorf("%+v, %v", line, err)
	}
}

func FuzzParseImportLine(f *testing.F) {
	f.Add([]byte(`{"slug":"acme","organization":"Acme","owner":{"name":"Ann","email":"ann@example.org"},"region":"us","plan":"free","cell":"cell-a"}`))
	f.Add([]byte(`{"slug":"xn--a","organization":"\u0000","tenant_id":"01a2082d-84e7-765b-961c-bea6dc90e917"}`))
	f.Add([]byte("null"))
	f.Add([]byte(`{"owner":null,"slug":"acme","organization":"A"}{}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		line, err := directory.ParseImportLine(raw)
		if err != nil {
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != fault.Invalid && f.Code != fault.Malformed {
				t.Fatalf("%v is no answer to a client", err)
			}
			return
		}
		if _, err := tenancy.ParseSlug(string(line.Slug)); err != nil {
			t.Fatalf("slug %q: %v", line.Slug, err)
		}
		for _, text := range []string{line.Organization, line.Owner.Name, line.Owner.Email, line.Region, line.Plan, line.Cell} {
			if strings.ContainsFunc(text, unicode.IsControl) || len(text) > 4*200 {
				t.Fatalf("%q passed", text)
			}
		}
	})
}
