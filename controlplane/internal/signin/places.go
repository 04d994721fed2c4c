package signin

import (
	"context"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	cellTries  = 4
	cellPause  = 150 * time.Millisecond // a migration's write pause is over by then
	cellWithin = 8 * time.Second
)

var errNoTenant = fault.New(fault.NotFound, "there is no such organization")

// tenant returns a tenant whose users can sign in: one that is served, or that
// waits for its bill to be paid.
func (s *server) tenant(ctx context.Context, id tenancy.ID) (controlplane.Tenant, error) {
	t, err := s.Tenants.Get(ctx, id)
	if err == nil && t.State != directory.Active && t.State != directory.Suspended {
		err = errNoTenant
	}
	return t, err
}

// tenantBySlug is the same, for a name that somebody typed.
func (s *server) tenantBySlug(ctx context.Context, text string) (controlplane.Tenant, error) {
	slug, err := tenancy.ParseSlug(text)
	if err != nil {
		return controlplane.Tenant{}, errNoTenant
	}
	found, err := s.Tenants.List(ctx, controlplane.TenantFilter{Slug: string(slug)}, controlplane.Page{Limit: 1})
	if err != nil {
		return controlplane.Tenant{}, err
	}
	if len(found) == 0 || found[0].State != directory.Active && found[0].State != directory.Suspended {
		return controlplane.Tenant{}, errNoTenant
	}
	return found[0], nil
}

// inCell calls the cell where the tenant lives, and again where it turns out to
// have moved meanwhile or is just about to.
func (s *server) inCell(ctx context.Context, id tenancy.ID, call func(ctx context.Context, t controlplane.Tenant) error) error {
	ctx, cancel := context.WithTimeout(ctx, cellWithin)
	defer cancel()
	for try := 1; ; try++ {
		t, err := s.tenant(ctx, id)
		if err == nil {
			err = call(ctx, t)
		}
		if err == nil || try == cellTries || !passing(err) {
			return err
		}
		timer := time.NewTimer(cellPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// passing reports whether an error is that of a tenant that changes cell.
func passing(err error) bool {
	code := fault.CodeOf(err)
	return code == fault.TenantMoved || code == fault.Stale
}
