package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const domainHelp = `A tenant can be reached under domains of its own. Adding one gives a challenge:
the owner of the domain publishes it as a TXT record, and 'verify' looks for it.`

func (p *program) domainCommand() *cobra.Command {
	cmd := group("domain", "Custom domains of a tenant", domainHelp, `  cellctl tenant domain add acme app.acme.com
  cellctl tenant domain verify acme app.acme.com --wait --timeout 10m
  cellctl tenant domain ls acme`)
	cmd.AddCommand(p.domainLs(), p.domainAdd(), p.domainVerify(), p.domainRm())
	return cmd
}

var domainColumns = []column[api.Domain]{
	{title: "DOMAIN", text: func(d api.Domain) string { return d.Domain }},
	{title: "STATE", text: func(d api.Domain) string { return string(d.State) }, color: func(d api.Domain) color {
		return map[bool]color{true: green, false: yellow}[d.State == api.Verified]
	}},
	{title: "VERIFIED", text: func(d api.Domain) string { return moment(d.VerifiedAt) }},
	{title: "TXT NAME", wide: true, text: func(d api.Domain) string { return d.ChallengeName }},
	{title: "TXT VALUE", wide: true, text: func(d api.Domain) string { return d.ChallengeValue }},
}

func (p *program) domainLs() *cobra.Command {
	return &cobra.Command{
		Use: "ls TENANT", Aliases: []string{"list"}, Short: "List a tenant's custom domains", Args: named("TENANT"),
		ValidArgsFunction: firstOnly(p.tenantNames),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			t, err := s.tenant(cmd.Context(), args[0])
			if err != nil {
				return doing(err, "list domains of tenant %s", args[0])
			}
			err = list(p, "domain", 0, domainColumns, func(string, int) ([]api.Domain, string, error) {
				all, err := answer[api.DomainList](s.ListDomains(cmd.Context(), t.TenantID))
				return all.Domains, "", err
			})
			return doing(err, "list domains of tenant %s", args[0])
		}),
	}
}

// onDomain makes the action of a command on TENANT and DOMAIN.
func (p *program) onDomain(verb string, do func(context.Context, *session, tenancy.ID, string) error) action {
	return run(func(cmd *cobra.Command, args []string) error {
		domain, err := tenancy.ParseDomain(args[1])
		if err != nil {
			return misused("%s", err)
		}
		s, err := p.connect()
		if err != nil {
			return err
		}
		t, err := s.tenant(cmd.Context(), args[0])
		if err == nil {
			err = do(cmd.Context(), s, t.TenantID, string(domain))
		}
		return doing(err, "%s domain %s of tenant %s", verb, domain, args[0])
	})
}

func (p *program) domainAdd() *cobra.Command {
	return &cobra.Command{
		Use: "add TENANT DOMAIN", Short: "Claim a custom domain", Args: named("TENANT", "DOMAIN"),
		ValidArgsFunction: firstOnly(p.tenantNames),
		Long:              "Claims the domain and shows the TXT record that its owner has to publish.\nAdding a domain again shows the same record.",
		Example:           "  cellctl tenant domain add acme app.acme.com",
		RunE: p.onDomain("add", func(ctx context.Context, s *session, id tenancy.ID, domain string) error {
			d, err := answer[api.Domain](s.AddDomain(ctx, id, api.AddDomainRequest{Domain: domain}))
			if err != nil {
				return err
			}
			if p.flags.output.forPrograms() {
				return p.writeDocument(d)
			}
			err = writeFields(p, []field{
				{label: "Domain", value: d.Domain},
				{label: "State", value: string(d.State)},
				{label: "TXT name", value: d.ChallengeName},
				{label: "TXT value", value: d.ChallengeValue},
			})
			if err == nil && d.State == api.Pending {
				p.note("publish that TXT record, then run 'cellctl tenant domain verify'")
			}
			return err
		}),
	}
}

func (p *program) domainVerify() *cobra.Command {
	var w waiting
	cmd := &cobra.Command{
		Use: "verify TENANT DOMAIN", Short: "Verify a custom domain by its TXT record", Args: named("TENANT", "DOMAIN"),
		ValidArgsFunction: firstOnly(p.tenantNames),
		Long:              "Looks the TXT record up. From then on the domain leads to the tenant. With --wait\nit is looked up again until it is there; DNS can take minutes.",
		Example:           "  cellctl tenant domain verify acme app.acme.com --wait --timeout 10m",
		RunE: p.onDomain("verify", func(ctx context.Context, s *session, id tenancy.ID, domain string) error {
			var d api.Domain
			err := p.until(ctx, w, "wait for the TXT record", func(ctx context.Context) (bool, error) {
				var err error
				if d, err = answer[api.Domain](s.VerifyDomain(ctx, id, domain)); err != nil {
					f := asFailure(err)
					f.waitable = f.code == fault.Conflict
					if f.waitable {
						f.hint = "'cellctl tenant domain add' shows the record to publish; --wait looks until it is there"
					}
					return false, f
				}
				return true, nil
			})
			if err != nil {
				return err
			}
			return p.done(d, "domain %s is %s", d.Domain, d.State)
		}),
	}
	w.flags(cmd, false, 10*time.Minute, "the record is there")
	return cmd
}

func (p *program) domainRm() *cobra.Command {
	return &cobra.Command{
		Use: "rm TENANT DOMAIN", Aliases: []string{"remove"}, Short: "Give a custom domain up", Args: named("TENANT", "DOMAIN"),
		ValidArgsFunction: firstOnly(p.tenantNames),
		Long:              "The domain does not lead to the tenant any more; anyone may claim it.",
		Example:           "  cellctl tenant domain rm acme app.acme.com",
		RunE: p.onDomain("remove", func(ctx context.Context, s *session, id tenancy.ID, domain string) error {
			if _, err := answer[nothing](s.RemoveDomain(ctx, id, domain)); err != nil {
				return err
			}
			return p.done(map[string]string{"domain": domain, "state": "removed"}, "domain %s is removed", domain)
		}),
	}
}
