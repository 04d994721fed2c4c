package directory

import (
	"context"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/placement"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// classify settles the items whose tenants are there already or cannot be, and
// returns those that are to be created.
func (im *Importer) classify(ctx context.Context, batch []*item) ([]*item, error) {
	var ids []tenancy.ID
	var slugs []string
	for _, it := range batch {
		if it.status != "" || it.pending {
			continue
		}
		if !it.in.TenantID.IsZero() {
			ids = append(ids, it.in.TenantID)
		}
		slugs = append(slugs, string(it.in.Slug))
	}
	if len(slugs) == 0 {
		return nil, nil
	}
	state, err := im.Store.Find(ctx, ids, slugs)
	if err != nil {
		return nil, err
	}
	known := indexState(state)
	var waiting []*item
	for _, it := range batch {
		if it.status != "" || it.pending {
			continue
		}
		known.settle(it)
		if it.status == "" && !it.pending {
			waiting = append(waiting, it)
		}
	}
	return waiting, nil
}

// importIndex is what is known of a batch's names: from the directory, and from
// the lines of the batch before.
type importIndex struct {
	bySlug   map[tenancy.Slug]controlplane.Tenant
	byID     map[tenancy.ID]controlplane.Tenant
	signups  map[tenancy.ID]bool
	removing map[tenancy.ID]bool
	slugLine map[tenancy.Slug]int64
	idLine   map[tenancy.ID]int64
}

func indexState(state ImportState) *importIndex {
	x := &importIndex{
		bySlug: map[tenancy.Slug]controlplane.Tenant{}, byID: map[tenancy.ID]controlplane.Tenant{},
		signups: state.Signups, removing: state.Removing, slugLine: map[tenancy.Slug]int64{}, idLine: map[tenancy.ID]int64{},
	}
	for _, t := range state.Tenants {
		x.byID[t.TenantID] = t
		if t.State != directory.Deleted {
			x.bySlug[t.Slug] = t
		}
	}
	return x
}

// settle decides about one item, in the order of lines.
func (x *importIndex) settle(it *item) {
	id, slug := it.in.TenantID, it.in.Slug
	t, taken := x.bySlug[slug]
	other, idTaken := x.byID[id]
	switch {
	case x.slugLine[slug] != 0 || !id.IsZero() && x.idLine[id] != 0:
		it.fail(fault.New(fault.Conflict, "line %d of this import has the same slug or id", max(x.slugLine[slug], x.idLine[id])))
		return
	case idTaken && other.State == directory.Deleted:
		it.fail(fault.New(fault.Gone, "the id belonged to a tenant that was deleted; an id is never used again"))
	case idTaken && other.Slug != slug, taken && !id.IsZero() && t.TenantID != id:
		it.fail(fault.New(fault.Conflict, "the id and the slug belong to different tenants"))
	case x.removing[id]:
		it.fail(fault.New(fault.Unavailable, "an earlier import of this tenant is still being removed; try again in a few minutes"))
	case taken && x.signups[t.TenantID]:
		it.fail(fault.New(fault.Conflict, "the slug is taken"))
	case taken && t.State == directory.Provisioning: // an import that was cut off
		it.tenant, it.pending = t, true
	case taken:
		it.tenant, it.status = t, ImportExists
	}
	x.slugLine[slug] = it.line
	if !id.IsZero() {
		x.idLine[id] = it.line
	}
}

// place gives each item an id and the best cell. Every item counts for the next
// one, so that a batch spreads as single sign-ups would.
func (im *Importer) place(ctx context.Context, waiting []*item, withCells bool) error {
	if len(waiting) == 0 {
		return nil
	}
	cells, err := im.Cells.All(ctx)
	if err != nil {
		return err
	}
	byID := make(map[string]*controlplane.Cell, len(cells))
	for i := range cells {
		byID[cells[i].ID] = &cells[i]
	}
	now := im.Clock()
	for _, it := range waiting {
		if withCells && it.in.Owner == (controlplane.Owner{}) {
			it.fail(fault.New(fault.Invalid, "the line breaks rules of the API").At("/owner", "is needed to create the tenant in its cell"))
			continue
		}
		tier, err := im.Plans.Tier(it.in.Plan)
		if err != nil {
			it.fail(err)
			continue
		}
		decision, err := placement.Choose(cells, placement.Wish{Region: it.in.Region, Tier: tier, Cell: it.in.Cell}, now)
		if err != nil {
			it.fail(err)
			continue
		}
		byID[decision.Cell.ID].AssignedTenants++
		it.tenant = newImported(it.in, decision)
	}
	return nil
}

func newImported(in ImportLine, d placement.Decision) controlplane.Tenant {
	id := in.TenantID
	if id.IsZero() {
		id = tenancy.NewID()
	}
	return controlplane.Tenant{
		Assignment: directory.Assignment{
			TenantID: id, Slug: in.Slug, Cell: d.Cell.ID, Region: d.Cell.Region, State: directory.Active, Epoch: 1, Plan: in.Plan,
		},
		Organization: in.Organization, Residency: in.Region, PlacementReason: d.Reason,
	}
}
