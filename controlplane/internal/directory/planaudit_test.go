package directory_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane"
	usecase "github.com/coditect/platform/controlplane/internal/directory"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// fleet is some cells with what each has, a tenant a page, and the directory.
type fleet struct {
	has     map[string][]controlplane.Residence // by cell; nil: it does not answer
	tenants map[tenancy.ID]controlplane.Tenant
	ordered []tenancy.ID
}

var errAway = errors.New("away")

func (f *fleet) All(context.Context) (all []controlplane.Cell, err error) {
	for id := range f.has {
		all = append(all, controlplane.Cell{ID: id})
	}
	return all, nil
}

func (f *fleet) Inventory(_ context.Context, cell string, after tenancy.ID, _ int) ([]controlplane.Residence, tenancy.ID, error) {
	lines := f.has[cell]
	if lines == nil {
		return nil, after, errAway
	}
	at := slices.IndexFunc(lines, func(r controlplane.Residence) bool { return r.TenantID == after }) + 1
	if at == len(lines)-1 {
		return lines[at:], tenancy.ID{}, nil
	}
	return lines[at : at+1], lines[at].TenantID, nil
}

func (f *fleet) ByID(_ context.Context, ids []tenancy.ID) (map[tenancy.ID]controlplane.Tenant, error) {
	found := map[tenancy.ID]controlplane.Tenant{}
	for _, id := range ids {
		if t, is := f.tenants[id]; is {
			found[id] = t
		}
	}
	return found, nil
}

func (f *fleet) OrderPlans(_ context.Context, ids []tenancy.ID) error {
	f.ordered = append(f.ordered, ids...)
	return nil
}

func TestTheAuditOfPlansOrdersWhatCellsHaveWrong(t *testing.T) {
	t.Parallel()
	line := controlplane.Residence{State: controlplane.FenceLive, Epoch: 2, Plan: "team", Held: new(false)}
	tenant := controlplane.Tenant{Assignment: directory.Assignment{Cell: "cell-a", Epoch: 2, Plan: "team", State: directory.Active}}
	f := &fleet{has: map[string][]controlplane.Residence{"cell-away": nil}, tenants: map[tenancy.ID]controlplane.Tenant{}}
	names := map[tenancy.ID]string{}
	for name, change := range map[string]func(r *controlplane.Residence, t *controlplane.Tenant){
		"as it should be":  func(*controlplane.Residence, *controlplane.Tenant) {},
		"wrong: plan":      func(r *controlplane.Residence, _ *controlplane.Tenant) { r.Plan = "free" },
		"wrong: suspended": func(_ *controlplane.Residence, t *controlplane.Tenant) { t.State = directory.Suspended },
		"wrong: owing": func(_ *controlplane.Residence, t *controlplane.Tenant) {
			t.Edge = &directory.EdgePolicy{Access: directory.ReadOnly}
		},
		"wrong: held for nothing": func(r *controlplane.Residence, _ *controlplane.Tenant) { r.Held = new(true) },
		"held": func(r *controlplane.Residence, t *controlplane.Tenant) {
			r.Held, t.State = new(true), directory.Deleting
		},
		"of a cell of before":    func(r *controlplane.Residence, t *controlplane.Tenant) { r.Held, t.State = nil, directory.Suspended },
		"wrong: plan, of before": func(r *controlplane.Residence, _ *controlplane.Tenant) { r.Held, r.Plan = nil, "free" },
		"living elsewhere":       func(r *controlplane.Residence, t *controlplane.Tenant) { t.Cell, r.Plan = "cell-b", "free" },
		"of another epoch":       func(r *controlplane.Residence, t *controlplane.Tenant) { t.Epoch, r.Plan = 3, "free" },
		"frozen": func(r *controlplane.Residence, _ *controlplane.Tenant) {
			r.State, r.Plan = controlplane.FenceFrozen, "free"
		},
		"signing up": func(r *controlplane.Residence, t *controlplane.Tenant) {
			t.State, r.Plan = directory.Provisioning, "free"
		},
		"gone": func(r *controlplane.Residence, t *controlplane.Tenant) { t.State, r.Plan = directory.Deleted, "free" },
	} {
		id, r, there := tenancy.NewID(), line, tenant
		change(&r, &there)
		r.TenantID, there.TenantID = id, id
		f.has["cell-a"], f.tenants[id], names[id] = append(f.has["cell-a"], r), there, name
	}
	f.has["cell-a"] = append(f.has["cell-a"], controlplane.Residence{TenantID: tenancy.NewID(), State: controlplane.FenceLive, Epoch: 1, Plan: "free"}) // nobody knows
	if err := (usecase.PlanAuditor{Cells: f, Inventories: f, Records: f}).RunOnce(t.Context()); !errors.Is(err, errAway) {
		t.Errorf("of a cell that does not answer: %v", err)
	}
	for id, name := range names {
		if wrong, ordered := strings.HasPrefix(name, "wrong"), slices.Contains(f.ordered, id); wrong != ordered {
			t.Errorf("%s: ordered %v", name, ordered)
		}
	}
}
