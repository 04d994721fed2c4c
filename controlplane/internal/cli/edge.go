package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

const edgeHelp = `A tenant's edge policy is what it wants of the routers beyond its plan: which web
pages may call its API (CORS), header fields to remove or set, limits of its own.
Routers follow a change within seconds. Most tenants have no policy.`

func (p *program) edgeCommand() *cobra.Command {
	cmd := group("edge", "What a tenant wants of the routers", edgeHelp, `  cellctl tenant edge cors acme --origin https://app.acme.com
  cellctl tenant edge show acme -o json > policy.json
  cellctl tenant edge set acme --file policy.json`)
	cmd.AddCommand(p.edgeShow(), p.edgeSet(), p.edgeCORS(), p.edgeClear())
	return cmd
}

// edgePolicy fetches a tenant's policy and its ETag.
func (s *session) edgePolicy(ctx context.Context, id tenancy.ID) (policy directory.EdgePolicy, etag string, err error) {
	resp, err := s.GetEdgePolicy(ctx, id)
	if err == nil {
		etag = resp.Header.Get("ETag")
	}
	policy, err = answer[directory.EdgePolicy](resp, err)
	return policy, etag, err
}

// onEdge makes the action of a command on TENANT's policy.
func (p *program) onEdge(verb string, do func(context.Context, *session, api.Tenant) error) action {
	return run(func(cmd *cobra.Command, args []string) error {
		s, err := p.connect()
		if err != nil {
			return err
		}
		t, err := s.tenant(cmd.Context(), args[0])
		if err == nil {
			err = do(cmd.Context(), s, t)
		}
		return doing(stateHint(err, args[0]), "%s the edge policy of tenant %s", verb, args[0])
	})
}

func (p *program) edgeShow() *cobra.Command {
	return &cobra.Command{
		Use: "show TENANT", Short: "Show a tenant's edge policy", Args: named("TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Long:    "With -o json it is the document that 'edge set' takes.",
		Example: "  cellctl tenant edge show acme\n  cellctl tenant edge show acme -o json > policy.json",
		RunE: p.onEdge("show", func(ctx context.Context, s *session, t api.Tenant) error {
			policy, _, err := s.edgePolicy(ctx, t.TenantID)
			if err != nil {
				return err
			}
			if p.flags.output.forPrograms() {
				return p.writeDocument(policy)
			}
			fields := edgeFields(&policy)
			if len(fields) == 0 {
				p.note("no edge policy: what the plan gives holds")
				return nil
			}
			return writeFields(p, fields)
		}),
	}
}

func (p *program) edgeClear() *cobra.Command {
	return &cobra.Command{
		Use: "clear TENANT", Short: "Return a tenant to what its plan gives it", Args: named("TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Long:    "Removes the whole policy. Clearing an empty policy changes nothing.",
		Example: "  cellctl tenant edge clear acme",
		RunE: p.onEdge("clear", func(ctx context.Context, s *session, t api.Tenant) error {
			if _, err := answer[nothing](s.DeleteEdgePolicy(ctx, t.TenantID, &api.DeleteEdgePolicyParams{})); err != nil {
				return err
			}
			return p.done(directory.EdgePolicy{}, "tenant %s has no edge policy", t.Slug)
		}),
	}
}
