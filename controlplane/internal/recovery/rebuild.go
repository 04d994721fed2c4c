package recovery

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// PlanRebuild asks every cell what it has and says what it would take to make the
// directory agree with that. Nothing is changed. A cell that does not answer is
// an error: what is not known is not guessed.
func (s Service) PlanRebuild(ctx context.Context) (controlplane.Rebuilding, error) {
	var plan controlplane.Rebuilding
	cells, err := s.Cells.All(ctx)
	if err != nil {
		return plan, err
	}
	said := map[tenancy.ID]Evidence{}
	for _, c := range cells {
		n, err := s.ask(ctx, c.ID, said)
		if err != nil {
			return plan, err
		}
		plan.Cells, plan.Fences = plan.Cells+1, plan.Fences+n
	}
	if err := s.compareAll(ctx, &plan, said); err != nil {
		return plan, err
	}
	err = s.eachTenant(ctx, controlplane.TenantFilter{}, func(t controlplane.Tenant) {
		if said[t.TenantID] == nil && t.State != directory.Provisioning && !t.Reaping {
			plan.Lost = append(plan.Lost, controlplane.Finding{TenantID: t.TenantID, Slug: t.Slug, What: fmt.Sprintf("the directory has it in %s under epoch %d, and no cell has a trace of it", t.Cell, t.Epoch)})
		}
	})
	return plan, err
}

// ask adds what one cell has.
func (s Service) ask(ctx context.Context, cell string, said map[tenancy.ID]Evidence) (n int, err error) {
	for after, more := (tenancy.ID{}), true; more; more = !after.IsZero() {
		var lines []controlplane.Residence
		if lines, after, err = s.Doors.Inventory(ctx, cell, after, pageSize); err != nil {
			return n, err
		}
		for _, line := range lines {
			if said[line.TenantID] == nil {
				said[line.TenantID] = Evidence{}
			}
			said[line.TenantID][cell] = line
		}
		n += len(lines)
	}
	return n, nil
}

func (s Service) compareAll(ctx context.Context, plan *controlplane.Rebuilding, said map[tenancy.ID]Evidence) error {
	ids := slices.SortedFunc(maps.Keys(said), func(a, b tenancy.ID) int { return bytes.Compare(a[:], b[:]) })
	for page := range slices.Chunk(ids, pageSize) {
		known, err := s.Directory.ByID(ctx, page)
		if err != nil {
			return err
		}
		for _, id := range page {
			var t *controlplane.Tenant
			if found, is := known[id]; is {
				t = &found
			}
			add(plan, id, said[id], t)
		}
	}
	return nil
}

func add(plan *controlplane.Rebuilding, id tenancy.ID, said Evidence, t *controlplane.Tenant) {
	if t != nil && t.State == directory.Provisioning {
		return // its sign-up is finished or undone by itself
	}
	claim, why := Gather(id, said)
	correction := Dispute
	if why == "" {
		correction, why = Compare(claim, t)
	}
	switch correction {
	case Same:
		plan.Same++
	case Create:
		plan.Create = append(plan.Create, claim)
	case Correct:
		plan.Correct = append(plan.Correct, claim)
	case Dispute:
		if t != nil && t.State == directory.Deleted && !held(said) {
			return // only traces of a tenant that is gone
		}
		plan.Dispute = append(plan.Dispute, controlplane.Finding{TenantID: id, Slug: slugOf(said), What: why})
	}
}

func held(said Evidence) bool {
	for _, r := range said {
		if r.Holds() {
			return true
		}
	}
	return false
}

func slugOf(said Evidence) (slug tenancy.Slug) {
	for _, r := range said {
		slug = max(slug, r.Slug)
	}
	return slug
}

// Rebuild carries the plan out: the directory's versions go on above any that a
// router may know, and tenants are entered or corrected a batch at a time. A slug
// that two tenants have is the first one's; the other is disputed.
func (s Service) Rebuild(ctx context.Context) (controlplane.Rebuilding, error) {
	plan, err := s.PlanRebuild(ctx)
	if err != nil {
		return plan, err
	}
	if err := s.Rewriter.Rebase(ctx); err != nil {
		return plan, err
	}
	for claims := range slices.Chunk(slices.Concat(plan.Create, plan.Correct), ordersAtOnce) {
		refused, err := s.Rewriter.Claim(ctx, claims)
		if err != nil {
			return plan, err
		}
		for _, c := range refused {
			plan.Dispute = append(plan.Dispute, controlplane.Finding{TenantID: c.TenantID, Slug: c.Slug, What: "another tenant has its slug"})
		}
	}
	return plan, nil
}
