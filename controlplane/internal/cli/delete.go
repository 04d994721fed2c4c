package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// deletion is what 'tenant delete' was asked to do.
type deletion struct {
	yes     bool
	grace   int // hours; negative: the control plane's default
	waiting waiting
}

const deleteHelp = `The tenant is not served any more from now on. Until the grace period is over
(30 days unless --grace-hours says otherwise) 'tenant resume' brings it back as
it was. Then its data is removed for good, and its slug and domains are free.

You are asked to type the tenant's slug; --yes does without, for scripts.
Deleting a tenant that is being deleted changes nothing, not even the date.`

func (p *program) tenantDelete() *cobra.Command {
	var d deletion
	cmd := &cobra.Command{
		Use: "delete TENANT", Short: "Delete a tenant after a grace period", Long: deleteHelp, Args: named("TENANT"),
		ValidArgsFunction: firstOnly(p.tenantNames),
		Example: `  cellctl tenant delete acme
  cellctl tenant delete acme --yes --grace-hours 0 --wait --timeout 10m   # at once, and wait until it is gone`,
		RunE: run(func(cmd *cobra.Command, args []string) error { return p.deleteTenant(cmd.Context(), args[0], d) }),
	}
	d.grace = -1
	cmd.Flags().BoolVar(&d.yes, "yes", false, "do not ask")
	cmd.Flags().Var(limitValue{&d.grace}, "grace-hours", "hours until the data is removed; 0 is as soon as possible (default: 720)")
	d.waiting.flags(cmd, false, 5*time.Minute, "the data is removed")
	return cmd
}

func (p *program) deleteTenant(ctx context.Context, name string, d deletion) error {
	s, err := p.connect()
	if err != nil {
		return err
	}
	t, err := s.tenant(ctx, name)
	if err != nil {
		return doing(err, "delete tenant %s", name)
	}
	params := &api.DeleteTenantParams{}
	if d.grace >= 0 {
		params.GraceHours = &d.grace
	}
	if !d.yes {
		if err := p.confirm(ctx, s, t, d.grace); err != nil {
			return err
		}
		// What was confirmed is the tenant as it was shown.
		params.IfMatch = optional(fmt.Sprintf("%q", fmt.Sprint(t.Version)))
	}
	t, err = answer[api.Tenant](s.DeleteTenant(ctx, t.TenantID, params))
	if err != nil {
		return doing(stateHint(err, name), "delete tenant %s", name)
	}
	if d.waiting.wait {
		if t, err = p.untilGone(ctx, s, t, d.waiting); err != nil {
			return doing(err, "delete tenant %s", name)
		}
	}
	if t.State == directory.Deleted {
		return p.done(t, "tenant %s is deleted", t.Slug)
	}
	return p.done(t, "tenant %s is %s; its data is removed after %s, until then: cellctl tenant resume %s", t.Slug, t.State, moment(t.DeleteAfter), t.Slug)
}

// confirm lets the person type the slug.
func (p *program) confirm(ctx context.Context, s *session, t api.Tenant, grace int) error {
	after := "after 30 days"
	switch {
	case grace == 0:
		after = "as soon as possible, for good"
	case grace > 0:
		after = "after " + plural(int64(grace), "hour")
	}
	return p.confirmBy(ctx, confirmation{
		action: "delete tenant " + t.Slug, word: t.Slug, what: "tenant's slug",
		warning: fmt.Sprintf("This stops %s (%s, in %s, at %s) now and removes its data %s.", t.Slug, oneLine(t.Organization), t.Cell, s.target.Server, after),
	})
}

// untilGone waits for the end of the tenant. Its tombstone may be shown as
// deleted or not be found any more.
func (p *program) untilGone(ctx context.Context, s *session, t api.Tenant, w waiting) (api.Tenant, error) {
	err := p.until(ctx, w, "wait until its data is removed", func(ctx context.Context) (bool, error) {
		seen, err := answer[api.Tenant](s.GetTenant(ctx, t.TenantID))
		if err == nil {
			t = seen
		} else if code := asFailure(err).code; code == fault.NotFound || code == fault.Gone {
			t.State, err = directory.Deleted, nil
		}
		return t.State == directory.Deleted, err
	})
	return t, err
}
