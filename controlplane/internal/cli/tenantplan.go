package cli

import (
	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
)

func (p *program) tenantPlan() *cobra.Command {
	return &cobra.Command{
		Use: "plan TENANT PLAN", Short: "Change a tenant's plan", Args: named("TENANT", "PLAN"), ValidArgsFunction: firstOnly(p.tenantNames),
		Long: `Routers apply the plan's limits within seconds. A plan for cells of another tier
than the tenant's is refused until the tenant lives in such a cell. Setting the
plan that the tenant has changes nothing.`,
		Example: "  cellctl tenant plan acme business",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			t, err := s.tenant(cmd.Context(), args[0])
			if err == nil {
				patch := api.TenantPatch{Plan: &args[1]}
				t, err = answer[api.Tenant](s.UpdateTenantWithApplicationMergePatchPlusJSONBody(cmd.Context(), t.TenantID, &api.UpdateTenantParams{}, patch))
			}
			if err != nil {
				err = hinting(err, fault.Conflict, "'cellctl tenant show %s' shows its state and its cell", args[0])
				return doing(err, "change the plan of tenant %s", args[0])
			}
			return p.done(t, "tenant %s has plan %s", t.Slug, t.Plan)
		}),
	}
}
