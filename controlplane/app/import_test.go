package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/internal/fakecell"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// importLines imports and returns the results by line; line 0 is the summary.
func (p *program) importLines(t testing.TB, provision, lines string) map[int64]api.ImportResult {
	t.Helper()
	status, header, body, err := p.do("POST", "/v1/tenants/import?provision="+provision, p.keys[controlplane.RoleOperator], "application/x-ndjson", strings.NewReader(lines))
	if err != nil || status != http.StatusOK || header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%d %s %v", status, body, err)
	}
	results := map[int64]api.ImportResult{}
	decoder := json.NewDecoder(strings.NewReader(body))
	for decoder.More() {
		var r api.ImportResult
		if err := decoder.Decode(&r); err != nil {
			t.Fatal(err)
		}
		results[r.Line] = r
	}
	if results[0].Status != api.Done {
		t.Fatalf("no last line: %s", body)
	}
	return results
}

func importLine(slug string) string {
	return fmt.Sprintf(`{"slug":%q,"organization":"Org","owner":{"name":"Ann","email":"ann@example.org"}}`+"\n", slug)
}

func TestImportThroughTheCells(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	a, b := p.withCell(t, "cell-a", "us-central1", 5000), p.withCell(t, "cell-b", "europe-west1", 5000)
	var lines strings.Builder
	const n = 2500 // more than two batches
	for i := range n {
		lines.WriteString(importLine(fmt.Sprintf("shop-%d", i)))
	}
	results := p.importLines(t, "cells", lines.String())
	if s := results[0].Summary; s.Created != n || s.Exists != 0 || s.Failed != 0 || len(results) != n+1 {
		t.Fatalf("%+v", s)
	}
	inA, inB := a.Residents(), b.Residents()
	if len(inA)+len(inB) != n || len(inA) < n/3 || len(inB) < n/3 {
		t.Errorf("%d and %d in the cells", len(inA), len(inB))
	}
	for line, r := range results {
		if line == 0 {
			continue
		}
		held, ok := inA[*r.TenantID]
		if !ok {
			held = inB[*r.TenantID]
		}
		hash := controlplane.HashOwnerKey(*r.APIKey)
		if held.State != fakecell.Live || held.OwnerKeyHash != fmt.Sprintf("%x", hash) || held.Welcomes != 0 {
			t.Fatalf("line %d: %+v", line, held)
		}
	}
	again := p.importLines(t, "cells", lines.String())
	if s := again[0].Summary; s.Exists != n || *again[7].TenantID != *results[7].TenantID || again[7].APIKey != nil {
		t.Errorf("again: %+v", s)
	}
	got, err := p.client(t, controlplane.RoleRouter).LookupWithResponse(t.Context(), &api.LookupParams{Kind: directory.BySlug, Value: "shop-2499"})
	if err != nil || got.JSON200 == nil || got.JSON200.Tenant.TenantID != *results[2500].TenantID {
		t.Errorf("%v, %s", err, got.Body)
	}
}

func TestBadLinesDoNotStopTheRest(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	p.withCell(t, "cell-a", "us-central1", 4)
	p.signUp(t, "acme")
	mine, other := tenancy.NewID(), tenancy.NewID()
	lines := []struct {
		line string
		code fault.Code // "" for created
	}{
		{importLine("first-one"), ""},
		{"{\n", fault.Malformed},
		{`{"slug":"x"} {"slug":"y"}` + "\n", fault.Malformed},
		{`["slug"]` + "\n", fault.Invalid},
		{"null\n", fault.Invalid},
		{"\xff\xfe\n", fault.Malformed},
		{importLine("admin"), fault.Invalid},
		{importLine("xn--80ak6aa92e"), fault.Invalid},
		{importLine("Große"), fault.Invalid},
		{`{"slug":"extra","organization":"x","admin":true}` + "\n", fault.Invalid},
		{`{"slug":7,"organization":"x"}` + "\n", fault.Invalid},
		{`{"slug":"no-owner","organization":"x"}` + "\n", fault.Invalid},
		{`{"slug":"bad-id","organization":"x","tenant_id":"7"}` + "\n", fault.Invalid},
		{strings.Replace(importLine("bad-mail"), "ann@example.org", "ann", 1), fault.Invalid},
		{strings.Replace(importLine("no-plan"), `{"slug"`, `{"plan":"gold","slug"`, 1), fault.Invalid},
		{strings.Replace(importLine("elsewhere"), `{"slug"`, `{"region":"mars","slug"`, 1), fault.Invalid},
		{strings.Replace(importLine("in-cell-z"), `{"slug"`, `{"cell":"cell-z","slug"`, 1), fault.Unavailable},
		{strings.Repeat("x", 17<<10) + "\n", fault.TooLarge},
		{importLine("first-one"), fault.Conflict},
		{strings.Replace(importLine("mine"), `{"slug"`, fmt.Sprintf(`{"tenant_id":%q,"cell":"cell-a","slug"`, mine), 1), ""},
		{strings.Replace(importLine("mine-too"), `{"slug"`, fmt.Sprintf(`{"tenant_id":%q,"slug"`, mine), 1), fault.Conflict},
		{strings.Replace(importLine("acme"), `{"slug"`, fmt.Sprintf(`{"tenant_id":%q,"slug"`, other), 1), fault.Conflict},
		{importLine("last-place"), ""},
		{importLine("one-too-many"), fault.Unavailable},
	}
	var all strings.Builder
	for _, l := range lines {
		all.WriteString(l.line)
	}
	results := p.importLines(t, "cells", all.String()+"\n") // a blank line is none
	for i, l := range lines {
		r := results[int64(i)+1]
		switch {
		case l.code == "" && r.Status != api.Created:
			t.Errorf("line %d %.60s: %+v", i+1, l.line, r.Error)
		case l.code != "" && (r.Status != api.Failed || r.Error == nil || r.Error.Code != l.code):
			t.Errorf("line %d %.60s: %s %+v, want %s", i+1, l.line, r.Status, r.Error, l.code)
		}
	}
	if s := results[0].Summary; s.Created != 3 || s.Failed != int64(len(lines)-3) || len(results) != len(lines)+1 {
		t.Errorf("%+v, %d results", s, len(results))
	}
}

// A cell that fails in the middle leaves nothing half-made, and repeating the
// import finishes it.
func TestAnImportIsFinishedByRepeatingIt(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	cell := p.withCell(t, "cell-a", "us-central1", 5000)
	var lines strings.Builder
	const n = 3000
	for i := range n {
		lines.WriteString(importLine(fmt.Sprintf("shop-%d", i)))
	}
	var batches atomic.Int64
	cell.FailWith(func(r *http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/batch") && batches.Add(1) == 2 {
			return fault.New(fault.Internal, "broken")
		}
		return nil
	})
	first := p.importLines(t, "cells", lines.String())
	if s := first[0].Summary; s.Created != n-1000 || s.Failed != 1000 {
		t.Fatalf("%+v", s)
	}
	shown, err := p.client(t, controlplane.RoleViewer).GetCellWithResponse(t.Context(), "cell-a")
	if err != nil || shown.JSON200.AssignedTenants != n-1000 {
		t.Errorf("%v, %s", err, shown.Body)
	}
	second := p.importLines(t, "cells", lines.String())
	if s := second[0].Summary; s.Created != 1000 || s.Exists != n-1000 || s.Failed != 0 || len(cell.Residents()) != n {
		t.Errorf("%+v, %d in the cell", s, len(cell.Residents()))
	}
}

func TestImportIntoTheDirectoryAlone(t *testing.T) {
	t.Parallel()
	p := start(t, options(database(t)))
	cell := p.withCell(t, "cell-a", "us-central1", 5000)
	results := p.importLines(t, "directory", `{"slug":"alone","organization":"x"}`)
	if results[1].Status != api.Created || results[1].APIKey != nil || len(cell.Residents()) != 0 {
		t.Errorf("%+v", results[1])
	}
	got, err := p.client(t, controlplane.RoleRouter).LookupWithResponse(t.Context(), &api.LookupParams{Kind: directory.BySlug, Value: "alone"})
	if err != nil || got.JSON200 == nil || got.JSON200.Tenant.State != directory.Active {
		t.Errorf("%v, %s", err, got.Body)
	}
}
