package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

var tenantStates = []string{
	string(directory.Provisioning), string(directory.Active), string(directory.Suspended), string(directory.Deleting), string(directory.Deleted),
}

const tenantHelp = `A tenant is one organisation on the platform; it lives in one cell. Commands take a
TENANT as its slug (acme), one of its verified domains (app.acme.com), or its id.`

func (p *program) tenantCommand() *cobra.Command {
	cmd := group("tenant", "Create, show, change, delete and import tenants", tenantHelp, `  cellctl tenant create acme --organization "Acme Inc" --owner-name "Ada Low" --owner-email ada@acme.com
  cellctl tenant ls --state suspended
  cellctl tenant suspend acme --reason "unpaid since May"`)
	cmd.AddCommand(p.tenantLs(), p.tenantShow(), p.tenantCreate(), p.tenantSuspend(), p.tenantResume(), p.tenantDelete(),
		p.tenantPlan(), p.tenantImport(), p.tenantRestore(), p.domainCommand(), p.edgeCommand())
	return cmd
}

// tenant finds a tenant by id, domain or slug. A slug that was freed and taken
// again leads to the tenant that has it now.
func (s *session) tenant(ctx context.Context, name string) (api.Tenant, error) {
	if id, err := tenancy.ParseID(name); err == nil {
		t, err := answer[api.Tenant](s.GetTenant(ctx, id))
		return t, hinting(err, fault.NotFound, "'cellctl tenant ls' lists tenants")
	}
	if strings.Contains(name, ".") {
		return s.tenantOfDomain(ctx, name)
	}
	if name == "" || len(name) > 63 {
		return api.Tenant{}, misused("%q is no tenant's slug, domain or id", name).withHint("'cellctl tenant ls' lists tenants")
	}
	page, err := answer[api.TenantPage](s.ListTenants(ctx, &api.ListTenantsParams{Slug: &name}))
	if err != nil {
		return api.Tenant{}, err
	}
	if len(page.Tenants) == 0 {
		return api.Tenant{}, noTenant()
	}
	return page.Tenants[0], nil
}

func (s *session) tenantOfDomain(ctx context.Context, name string) (api.Tenant, error) {
	domain, err := tenancy.ParseDomain(name)
	if err != nil {
		return api.Tenant{}, misused("%s", err)
	}
	entry, err := answer[api.Entry](s.Lookup(ctx, &api.LookupParams{Kind: directory.ByDomain, Value: string(domain)}))
	if err != nil {
		return api.Tenant{}, hinting(err, fault.UnknownTenant, "only verified domains lead to a tenant; 'cellctl tenant ls' lists tenants")
	}
	return answer[api.Tenant](s.GetTenant(ctx, entry.Tenant.TenantID))
}

func noTenant() *failure {
	f := failed("there is no such tenant").withHint("'cellctl tenant ls' lists tenants; a deleted one is found by its id only")
	f.code = fault.NotFound
	return f
}

func (p *program) tenantLs() *cobra.Command {
	var cell, state, plan, slug string
	limit := -1
	cmd := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List tenants, oldest first", Args: named(),
		Example: `  cellctl tenant ls
  cellctl tenant ls --cell cell-a --state suspended -o wide
  cellctl tenant ls -o jsonl | jq -r .slug          # all of them, page by page`,
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			params := &api.ListTenantsParams{Cell: optional(cell), State: (*api.TenantState)(optional(state)), Plan: optional(plan), Slug: optional(slug)}
			err = list(p, "tenant", limit, tenantColumns(p.opts.Now()), func(cursor string, size int) ([]api.Tenant, string, error) {
				params.Cursor, params.Limit = optional(cursor), &size
				page, err := answer[api.TenantPage](s.ListTenants(cmd.Context(), params))
				return page.Tenants, deref(page.NextCursor), err
			})
			return doing(err, "list tenants")
		}),
	}
	cmd.Flags().StringVar(&cell, "cell", "", "only tenants of this cell")
	cmd.Flags().Var(choice{&state, tenantStates}, "state", "only tenants in this state (deleted ones are shown only so)")
	cmd.Flags().StringVar(&plan, "plan", "", "only tenants with this plan")
	cmd.Flags().StringVar(&slug, "slug", "", "only the tenant with this slug")
	limitFlag(cmd, &limit)
	p.complete(cmd, "state", fixed(tenantStates...))
	p.complete(cmd, "cell", p.cellNames)
	return cmd
}

func tenantColumns(now time.Time) []column[api.Tenant] {
	return []column[api.Tenant]{
		{title: "TENANT", text: func(t api.Tenant) string { return t.Slug }},
		{title: "STATE", text: func(t api.Tenant) string { return string(t.State) }, color: func(t api.Tenant) color { return tenantColor(t.State) }},
		{title: "CELL", text: func(t api.Tenant) string { return t.Cell }},
		{title: "REGION", text: func(t api.Tenant) string { return t.Region }},
		{title: "PLAN", text: func(t api.Tenant) string { return t.Plan }},
		{title: "AGE", text: func(t api.Tenant) string { return age(now, t.CreatedAt) }},
		{title: "ID", wide: true, text: func(t api.Tenant) string { return t.TenantID.String() }},
		{title: "EPOCH", wide: true, text: func(t api.Tenant) string { return strconv.FormatUint(t.Epoch, 10) }},
		{title: "VERSION", wide: true, text: func(t api.Tenant) string { return strconv.FormatUint(t.Version, 10) }},
		{title: "RESIDENCY", wide: true, text: func(t api.Tenant) string { return deref(t.Residency) }},
		{title: "DOMAINS", wide: true, text: func(t api.Tenant) string { return strings.Join(deref(t.Domains), ",") }},
		{title: "ORGANIZATION", wide: true, text: func(t api.Tenant) string { return t.Organization }},
	}
}

func (p *program) tenantShow() *cobra.Command {
	return &cobra.Command{
		Use: "show TENANT", Short: "Show one tenant", Args: named("TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Example: "  cellctl tenant show acme\n  cellctl tenant show app.acme.com\n  cellctl tenant show 0193b0c4-5d2e-7c1a-9f00-3a8b1c2d4e5f -o json",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			t, err := s.tenant(cmd.Context(), args[0])
			if err != nil {
				return doing(err, "show tenant %s", args[0])
			}
			if p.flags.output.forPrograms() {
				return p.writeDocument(t)
			}
			return writeFields(p, tenantFields(t))
		}),
	}
}

func tenantFields(t api.Tenant) []field {
	return []field{
		{label: "Tenant", value: t.Slug},
		{label: "Id", value: t.TenantID.String()},
		{label: "Organization", value: t.Organization},
		{label: "State", value: string(t.State), color: tenantColor(t.State)},
		{label: "Suspended for", value: deref(t.SuspendedReason), wide: t.SuspendedReason == nil},
		{label: "Data removed", value: moment(t.DeleteAfter), wide: t.DeleteAfter == nil},
		{label: "Plan", value: t.Plan},
		{label: "Cell", value: t.Cell},
		{label: "Region", value: t.Region},
		{label: "Residency", value: deref(t.Residency)},
		{label: "Domains", value: strings.Join(deref(t.Domains), ", ")},
		{label: "Placed", value: deref(t.PlacementReason)},
		{label: "Created", value: moment(&t.CreatedAt)},
		{label: "Updated", value: moment(&t.UpdatedAt)},
		{label: "Epoch", value: strconv.FormatUint(t.Epoch, 10), wide: true},
		{label: "Version", value: strconv.FormatUint(t.Version, 10), wide: true},
	}
}
