package cli_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

func (f *fakePlane) ListCells(_ context.Context, r api.ListCellsRequestObject) (api.ListCellsResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []api.Cell
	for _, c := range f.cells {
		if (r.Params.State == nil || *r.Params.State == c.State) && (r.Params.Region == nil || *r.Params.Region == c.Region) {
			found = append(found, c)
		}
	}
	found, next := cut(found, r.Params.Limit, r.Params.Cursor)
	return api.ListCells200JSONResponse{Cells: found, NextCursor: next}, nil
}

// cut makes a page; the cursor is the index of its first item.
func cut[T any](all []T, limit *int, cursor *string) ([]T, *string) {
	from, size := 0, 100
	if cursor != nil {
		from, _ = strconv.Atoi(*cursor)
	}
	if limit != nil {
		size = *limit
	}
	if from+size >= len(all) {
		return append([]T{}, all[from:]...), nil
	}
	next := strconv.Itoa(from + size)
	return all[from : from+size], &next
}

func (f *fakePlane) cell(name string) (*api.Cell, error) {
	for i := range f.cells {
		if f.cells[i].ID == name {
			return &f.cells[i], nil
		}
	}
	return nil, fault.New(fault.NotFound, "there is no such cell")
}

func (f *fakePlane) GetCell(_ context.Context, r api.GetCellRequestObject) (api.GetCellResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.cell(r.Cell)
	if err != nil {
		return nil, err
	}
	return api.GetCell200JSONResponse(*c), nil
}

func (f *fakePlane) SetCellState(_ context.Context, r api.SetCellStateRequestObject) (api.SetCellStateResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.cell(r.Cell)
	if err != nil {
		return nil, err
	}
	if r.Body.Expected != nil && *r.Body.Expected != c.State {
		return nil, fault.New(fault.Stale, "the cell is %s", c.State)
	}
	c.State = r.Body.State
	return api.SetCellState200JSONResponse(*c), nil
}

func (f *fakePlane) SetCellCapacity(_ context.Context, r api.SetCellCapacityRequestObject) (api.SetCellCapacityResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.cell(r.Cell)
	if err != nil {
		return nil, err
	}
	at := noon
	c.CapacityRequestsPerSecond, c.CapacityMeasuredAt = &r.Body.RequestsPerSecond, &at
	return api.SetCellCapacity200JSONResponse(*c), nil
}

func (f *fakePlane) ClearCellCapacity(_ context.Context, r api.ClearCellCapacityRequestObject) (api.ClearCellCapacityResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, err := f.cell(r.Cell)
	if err != nil {
		return nil, err
	}
	c.CapacityRequestsPerSecond, c.CapacityMeasuredAt = nil, nil
	return api.ClearCellCapacity200JSONResponse(*c), nil
}

func (f *fakePlane) SmokeTestCell(_ context.Context, r api.SmokeTestCellRequestObject) (api.SmokeTestCellResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.cell(r.Cell); err != nil {
		return nil, err
	}
	checks := []api.SmokeCheck{{Name: "heartbeat", Passed: true, Detail: "heard of 2s ago, 100 places", Ms: 0}, {Name: "door", Passed: true, Detail: "schema 40, 31 tables", Ms: 12}}
	if f.broken {
		checks = append(checks, api.SmokeCheck{Name: "prepare", Passed: false, Detail: "the database does not answer", Ms: 5000})
	}
	return api.SmokeTestCell200JSONResponse{Passed: !f.broken, Checks: checks}, nil
}

func (f *fakePlane) ListTenants(_ context.Context, r api.ListTenantsRequestObject) (api.ListTenantsResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []api.Tenant
	for _, t := range f.tenants {
		if p := r.Params; (p.State != nil || t.State != directory.Deleted) && (p.State == nil || *p.State == t.State) && (p.Cell == nil || *p.Cell == t.Cell) && (p.Slug == nil || *p.Slug == t.Slug) && (p.Plan == nil || *p.Plan == t.Plan) {
			found = append(found, t)
		}
	}
	found, next := cut(found, r.Params.Limit, r.Params.Cursor)
	return api.ListTenants200JSONResponse{Tenants: found, NextCursor: next}, nil
}

func (f *fakePlane) tenant(id tenancy.ID) (*api.Tenant, error) {
	for i := range f.tenants {
		if f.tenants[i].TenantID == id {
			return &f.tenants[i], nil
		}
	}
	return nil, fault.New(fault.NotFound, "there is no such tenant")
}

// change applies a state change to a tenant.
func (f *fakePlane) change(id tenancy.ID, ifMatch *string, edit func(*api.Tenant) error) (api.TenantAnswerJSONResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, err := f.tenant(id)
	if err != nil {
		return api.TenantAnswerJSONResponse{}, err
	}
	if ifMatch != nil && *ifMatch != fmt.Sprintf("\"%d\"", t.Version) {
		return api.TenantAnswerJSONResponse{}, fault.New(fault.Stale, "the tenant has changed")
	}
	err = edit(t)
	return api.TenantAnswerJSONResponse{Body: *t}, err
}

func (f *fakePlane) GetTenant(_ context.Context, r api.GetTenantRequestObject) (api.GetTenantResponseObject, error) {
	a, err := f.change(r.Tenant, nil, func(t *api.Tenant) error {
		if t.DeleteAfter != nil && !t.DeleteAfter.After(noon) {
			t.State = directory.Deleted
		}
		if t.State == directory.Provisioning {
			t.State = directory.Active
		}
		return nil
	})
	return api.GetTenant200JSONResponse{TenantAnswerJSONResponse: a}, err
}

func (f *fakePlane) SuspendTenant(_ context.Context, r api.SuspendTenantRequestObject) (api.SuspendTenantResponseObject, error) {
	a, err := f.change(r.Tenant, r.Params.IfMatch, func(t *api.Tenant) error {
		if t.State == directory.Deleting {
			return fault.New(fault.Conflict, "the tenant is %s; it cannot be suspended", t.State)
		}
		t.State, t.SuspendedReason = directory.Suspended, r.Body.Reason
		return nil
	})
	return api.SuspendTenant200JSONResponse{TenantAnswerJSONResponse: a}, err
}

func (f *fakePlane) ResumeTenant(_ context.Context, r api.ResumeTenantRequestObject) (api.ResumeTenantResponseObject, error) {
	a, err := f.change(r.Tenant, r.Params.IfMatch, func(t *api.Tenant) error { t.State = directory.Active; return nil })
	return api.ResumeTenant200JSONResponse{TenantAnswerJSONResponse: a}, err
}

func (f *fakePlane) DeleteTenant(_ context.Context, r api.DeleteTenantRequestObject) (api.DeleteTenantResponseObject, error) {
	a, err := f.change(r.Tenant, r.Params.IfMatch, func(t *api.Tenant) error {
		hours := 720
		if r.Params.GraceHours != nil {
			hours = *r.Params.GraceHours
		}
		after := noon.Add(time.Duration(hours) * time.Hour)
		t.State, t.DeleteAfter = directory.Deleting, &after
		return nil
	})
	return api.DeleteTenant200JSONResponse{TenantAnswerJSONResponse: a}, err
}

func (f *fakePlane) SignUp(_ context.Context, r api.SignUpRequestObject) (api.SignUpResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys = append(f.keys, r.Params.IdempotencyKey)
	if made, ok := f.signups[r.Params.IdempotencyKey]; ok {
		return api.SignUp201JSONResponse(made), nil
	}
	for _, t := range f.tenants {
		if t.Slug == r.Body.Slug && t.State != directory.Deleted {
			return nil, fault.New(fault.Conflict, "the slug is taken")
		}
	}
	made := api.Tenant{TenantID: id(5), Slug: r.Body.Slug, Organization: r.Body.Organization, Cell: "cell-a", Region: "us-central1", State: directory.Provisioning, Epoch: 1, Plan: "free", Version: 20, CreatedAt: noon, UpdatedAt: noon}
	f.tenants = append(f.tenants, made)
	result := api.SignupResult{URL: "http://" + made.Slug + ".localhost:8080", APIKey: "cdt_owner-secret", Tenant: directory.Assignment{
		TenantID: made.TenantID, Slug: tenancy.Slug(made.Slug), Cell: made.Cell, Region: made.Region, State: made.State, Epoch: 1, Plan: made.Plan, Version: 20,
	}}
	f.signups[r.Params.IdempotencyKey] = result
	return api.SignUp201JSONResponse(result), nil
}

func (f *fakePlane) WhoAmI(context.Context, api.WhoAmIRequestObject) (api.WhoAmIResponseObject, error) {
	return api.WhoAmI200JSONResponse{Kind: api.CallerKindKey, Name: "ada", Role: api.RoleOperator, CreatedAt: &noon}, nil
}

func (f *fakePlane) Lookup(_ context.Context, r api.LookupRequestObject) (api.LookupResponseObject, error) {
	if r.Params.Value != "app.acme.com" {
		return nil, fault.New(fault.UnknownTenant, "no tenant has this key")
	}
	return api.Lookup200JSONResponse{Body: directory.Entry{Tenant: directory.Assignment{TenantID: id(1)}}}, nil
}

func (f *fakePlane) ListDomains(context.Context, api.ListDomainsRequestObject) (api.ListDomainsResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return api.ListDomains200JSONResponse{Domains: append([]api.Domain{}, f.domains...)}, nil
}

func (f *fakePlane) AddDomain(_ context.Context, r api.AddDomainRequestObject) (api.AddDomainResponseObject, error) {
	return api.AddDomain201JSONResponse{Domain: r.Body.Domain, State: api.Pending, ChallengeName: "_coditect." + r.Body.Domain, ChallengeValue: "coditect=xyz", CreatedAt: noon}, nil
}

func (f *fakePlane) VerifyDomain(_ context.Context, r api.VerifyDomainRequestObject) (api.VerifyDomainResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.verify > 0 {
		f.verify--
		return nil, fault.New(fault.Conflict, "the TXT record is not there")
	}
	return api.VerifyDomain200JSONResponse{Domain: r.Domain, State: api.Verified, CreatedAt: noon, VerifiedAt: &noon}, nil
}

func (f *fakePlane) RemoveDomain(context.Context, api.RemoveDomainRequestObject) (api.RemoveDomainResponseObject, error) {
	return api.RemoveDomain204Response{}, nil
}

// ImportTenants answers each line at once, while more come in. A line with the
// slug "cut-off" ends the answer there.
func (f *fakePlane) ImportTenants(_ context.Context, r api.ImportTenantsRequestObject) (api.ImportTenantsResponseObject, error) {
	return importAnswer{r}, nil
}

type importAnswer struct {
	r api.ImportTenantsRequestObject
}

func (a importAnswer) VisitImportTenantsResponse(w http.ResponseWriter) error {
	control := http.NewResponseController(w)
	if err := control.EnableFullDuplex(); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	var sums api.ImportSummary
	out := json.NewEncoder(w)
	lines := bufio.NewScanner(a.r.Body)
	for n := int64(1); lines.Scan(); n++ {
		result := importOne(n, lines.Bytes(), &sums)
		if deref(result.Slug) == "cut-off" {
			panic(http.ErrAbortHandler)
		}
		if err := out.Encode(result); err != nil {
			return err
		}
		if err := control.Flush(); err != nil {
			return err
		}
	}
	return out.Encode(api.ImportResult{Status: api.Done, Summary: &sums})
}

func importOne(n int64, raw []byte, sums *api.ImportSummary) api.ImportResult {
	var line api.ImportLine
	result := api.ImportResult{Line: n, Status: api.Created}
	err := json.Unmarshal(raw, &line)
	result.Slug = &line.Slug
	switch {
	case err != nil:
		sums.Failed++
		problem := fault.ProblemOf(fault.New(fault.Malformed, "the line is not JSON"), "r")
		result.Status, result.Error, result.Slug = api.Failed, &problem, nil
	case strings.HasPrefix(line.Slug, "bad"):
		sums.Failed++
		problem := fault.ProblemOf(fault.New(fault.Invalid, "the line breaks rules of the API").At("/slug", "is reserved"), "r")
		result.Status, result.Error = api.Failed, &problem
	case line.Slug == "acme":
		sums.Exists++
		result.Status = api.Exists
	default:
		sums.Created++
		key := "cdt_secret_of_" + line.Slug
		result.APIKey = &key
	}
	return result
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
