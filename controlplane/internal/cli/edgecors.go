package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
)

// corsWish is what 'tenant edge cors' was asked to do.
type corsWish struct {
	off    bool
	maxAge time.Duration
	directory.CORS
}

func (p *program) edgeCORS() *cobra.Command {
	var wish corsWish
	cmd := &cobra.Command{
		Use: "cors TENANT", Short: "Say which web pages may call a tenant's API", Args: named("TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Long: `Replaces the CORS part of the tenant's policy and keeps the rest. Name each origin
as browsers do: https://host or https://host:port; * is any, without credentials.`,
		Example: `  cellctl tenant edge cors acme --origin https://app.acme.com --origin https://admin.acme.com --credentials
  cellctl tenant edge cors acme --off`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if wish.off == (len(wish.AllowedOrigins) > 0) {
				return misused("name the origins with --origin, or say --off").withHint("see %s --help", cmd.CommandPath())
			}
			return p.onEdge("change", func(ctx context.Context, s *session, t api.Tenant) error { return p.changeCORS(ctx, s, t, wish) })(cmd, args)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&wish.AllowedOrigins, "origin", nil, "an `ORIGIN` whose pages may read answers; repeat it for more")
	f.StringArrayVar(&wish.AllowedMethods, "method", nil, "a `METHOD` that they may use (default: all)")
	f.StringArrayVar(&wish.AllowedHeaders, "header", nil, "a request `HEADER` that they may send (default: the API's)")
	f.StringArrayVar(&wish.ExposedHeaders, "expose", nil, "an answer's `HEADER` that they may read")
	f.BoolVar(&wish.AllowCredentials, "credentials", false, "they may send cookies and credentials")
	f.DurationVar(&wish.maxAge, "max-age", 0, "how long browsers may remember it, in whole seconds (default: 10m)")
	f.BoolVar(&wish.off, "off", false, "no page of another origin may")
	p.complete(cmd, "method", fixed("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
	return cmd
}

// changeCORS replaces the part in the policy as it was read, and in no other.
func (p *program) changeCORS(ctx context.Context, s *session, t api.Tenant, wish corsWish) error {
	policy, etag, err := s.edgePolicy(ctx, t.TenantID)
	if err != nil {
		return err
	}
	wish.MaxAgeSeconds = int(wish.maxAge / time.Second)
	policy.CORS = &wish.CORS
	if wish.off {
		policy.CORS = nil
	}
	policy, err = answer[directory.EdgePolicy](s.PutEdgePolicy(ctx, t.TenantID, &api.PutEdgePolicyParams{IfMatch: optional(etag)}, policy))
	if err != nil {
		return err
	}
	if wish.off {
		return p.done(policy, "tenant %s: no page of another origin may call its API", t.Slug)
	}
	return p.done(policy, "tenant %s: pages of %s may call its API", t.Slug, commas(policy.CORS.AllowedOrigins))
}
