package signintest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Directory knows the tenants, and by its cells the addresses. It is safe for
// concurrent use.
type Directory struct {
	Cells *Cells

	mu      sync.Mutex
	tenants map[tenancy.ID]controlplane.Tenant
}

// NewDirectory returns an empty one.
func NewDirectory(cells *Cells) *Directory {
	return &Directory{Cells: cells, tenants: map[tenancy.ID]controlplane.Tenant{}}
}

// Add adds an active tenant.
func (d *Directory) Add(slug tenancy.Slug, organization string) controlplane.Tenant {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := controlplane.Tenant{
		Assignment:   directory.Assignment{TenantID: tenancy.NewID(), Slug: slug, Cell: "cell-a", State: directory.Active, Epoch: 1},
		Organization: organization,
	}
	d.tenants[t.TenantID] = t
	return t
}

// Set replaces a tenant.
func (d *Directory) Set(t controlplane.Tenant) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tenants[t.TenantID] = t
}

// Get implements the interface, as the methods below do.
func (d *Directory) Get(_ context.Context, id tenancy.ID) (controlplane.Tenant, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, ok := d.tenants[id]
	if !ok {
		return t, fault.New(fault.NotFound, "no such tenant")
	}
	return t, nil
}

// List finds by slug alone.
func (d *Directory) List(_ context.Context, f controlplane.TenantFilter, _ controlplane.Page) ([]controlplane.Tenant, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.tenants {
		if string(t.Slug) == f.Slug {
			return []controlplane.Tenant{t}, nil
		}
	}
	return nil, nil
}

// TenantsOf looks into the cells.
func (d *Directory) TenantsOf(_ context.Context, email string) ([]controlplane.TenantRef, error) {
	d.Cells.mu.Lock()
	defer d.Cells.mu.Unlock()
	var refs []controlplane.TenantRef
	for _, u := range d.Cells.users {
		if strings.EqualFold(u.Email, email) {
			refs = append(refs, controlplane.TenantRef{TenantID: u.TenantID, UserID: u.ID})
		}
	}
	slices.SortFunc(refs, func(a, b controlplane.TenantRef) int {
		return strings.Compare(a.TenantID.String(), b.TenantID.String())
	})
	return refs, nil
}
