package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
)

// restoring is what 'tenant restore' was asked to do.
type restoring struct {
	archive, to string
	trusted     []string
	yes         bool
}

const tenantRestoreHelp = `Puts an archive, as 'cell export' writes it, in the place of what the tenant's cell
has of it. For a state from before a mistake: restore the cell's backup to that
time beside the cell, export the tenant there, and bring the file here. Nobody
else's rows are touched.

The cell takes and checks the whole archive before anything of the tenant goes.
What the tenant has written since the archive was made is gone then: export it
first if it may be wanted. With --to, the tenant is brought into another cell, for
when its own is lost; --trust names the key of the cell that signed the archive
('cell export --key'), if that is not the receiving one.

You are asked to type the tenant's slug; --yes does without, for scripts.`

func (p *program) tenantRestore() *cobra.Command {
	var r restoring
	cmd := &cobra.Command{
		Use: "restore TENANT", Short: "Bring a tenant back from an archive", Long: tenantRestoreHelp, Args: named("TENANT"),
		ValidArgsFunction: firstOnly(p.tenantNames),
		Example: `  cellctl tenant restore acme --archive acme.ndjson
  cellctl tenant restore acme --archive acme.ndjson --to cell-b --trust 5f0c…`,
		RunE: run(func(cmd *cobra.Command, args []string) error { return p.restoreTenant(cmd.Context(), args[0], r) }),
	}
	cmd.Flags().StringVar(&r.archive, "archive", "", "the `FILE` to bring")
	cmd.Flags().StringVar(&r.to, "to", "", "the `CELL` to bring it into (default: the tenant's own)")
	cmd.Flags().StringSliceVar(&r.trusted, "trust", nil, "public `KEY`s of cells whose archives are taken, besides the receiving cell's")
	cmd.Flags().BoolVar(&r.yes, "yes", false, "do not ask")
	p.complete(cmd, "to", p.cellNames)
	return cmd
}

func (p *program) restoreTenant(ctx context.Context, name string, r restoring) error {
	if r.archive == "" {
		return misused("say which file to bring").withHint("--archive FILE; 'cell export' writes one")
	}
	s, err := p.connect()
	if err != nil {
		return err
	}
	t, err := s.tenant(ctx, name)
	if err != nil {
		return doing(err, "restore tenant %s", name)
	}
	in, err := os.Open(r.archive)
	if err != nil {
		return failed("restore tenant %s: %s", name, err)
	}
	defer func() { _ = in.Close() }() // it was only read
	to := t.Cell
	if r.to != "" {
		to = r.to
	}
	if !r.yes {
		err := p.confirmBy(ctx, confirmation{
			action: "restore tenant " + t.Slug, word: t.Slug, what: "tenant's slug",
			warning: fmt.Sprintf("This replaces everything that cell %s has of %s by %s.", oneLine(to), t.Slug, oneLine(r.archive)),
		})
		if err != nil {
			return err
		}
	}
	params := &api.RestoreTenantParams{Cell: optional(r.to)}
	if len(r.trusted) > 0 {
		params.Trusted = &r.trusted
	}
	done, err := answer[api.RestoredTenant](s.streams.RestoreTenantWithBody(ctx, t.TenantID, params, "application/x-ndjson", interruptible(ctx, in)))
	if err != nil {
		return doing(err, "restore tenant %s", name)
	}
	return p.done(done, "tenant %s is served from the archive: %s, cell %s, epoch %d", done.Tenant.Slug, plural(done.Rows, "row"), done.Tenant.Cell, done.Tenant.Epoch)
}
