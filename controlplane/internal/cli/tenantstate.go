package cli

import (
	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
)

func (p *program) tenantSuspend() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "suspend TENANT", Short: "Stop serving a tenant until it is resumed", Args: named("TENANT"),
		ValidArgsFunction: firstOnly(p.tenantNames),
		Long: `Every router answers the tenant's requests with 402 from now on. Its data stays.
Suspending a suspended tenant changes nothing.`,
		Example: `  cellctl tenant suspend acme --reason "unpaid since May"`,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			t, err := s.tenant(cmd.Context(), args[0])
			if err == nil {
				t, err = answer[api.Tenant](s.SuspendTenant(cmd.Context(), t.TenantID, &api.SuspendTenantParams{}, api.SuspendRequest{Reason: optional(reason)}))
			}
			if err != nil {
				return doing(stateHint(err, args[0]), "suspend tenant %s", args[0])
			}
			return p.done(t, "tenant %s is %s", t.Slug, t.State)
		}),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the next one who looks (up to 500 characters)")
	return cmd
}

func (p *program) tenantResume() *cobra.Command {
	return &cobra.Command{
		Use: "resume TENANT", Short: "Serve a suspended tenant again, or undo its deletion", Args: named("TENANT"),
		ValidArgsFunction: firstOnly(p.tenantNames),
		Long: `Undoes 'tenant suspend', and 'tenant delete' within its grace period: a tenant that
was suspended when it was deleted is suspended again. Resuming an active tenant
changes nothing.`,
		Example: "  cellctl tenant resume acme",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			t, err := s.tenant(cmd.Context(), args[0])
			if err == nil {
				t, err = answer[api.Tenant](s.ResumeTenant(cmd.Context(), t.TenantID, &api.ResumeTenantParams{}))
			}
			if err != nil {
				return doing(stateHint(err, args[0]), "resume tenant %s", args[0])
			}
			return p.done(t, "tenant %s is %s", t.Slug, t.State)
		}),
	}
}

func stateHint(err error, tenant string) error {
	return hinting(err, fault.Conflict, "'cellctl tenant show %s' shows its state", tenant)
}
