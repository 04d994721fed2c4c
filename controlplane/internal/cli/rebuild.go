package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
)

const rebuildHelp = `For a directory whose database was lost, or restored from a backup. Every cell is
asked what it has, and the highest epoch of a tenant is where it lives: tenants
that the directory does not know are entered as active, those that it has
elsewhere under an earlier epoch are corrected. What the cells contradict each
other about is named and left as it is.

No cell knows custom domains, suspensions, edge policies and API keys: what of
those is lost has to be entered again.

--dry-run shows what would be done. You are asked to type "rebuild"; --yes does
without, for scripts. Exit code 6 means that tenants are lost, or that something
is contradictory.`

func (p *program) directoryCommand() *cobra.Command {
	cmd := group("directory", "Rebuild the directory from the cells", "The directory says which cell each tenant lives in.", "  cellctl directory rebuild --dry-run")
	var yes, dryRun bool
	rebuild := &cobra.Command{
		Use: "rebuild", Short: "Make a directory that was lost or restored agree with the cells", Long: rebuildHelp, Args: named(),
		Example: "  cellctl directory rebuild --dry-run\n  cellctl directory rebuild",
		RunE:    run(func(cmd *cobra.Command, _ []string) error { return p.rebuild(cmd.Context(), yes, dryRun) }),
	}
	rebuild.Flags().BoolVar(&dryRun, "dry-run", false, "only show what would be done")
	rebuild.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.AddCommand(rebuild)
	return cmd
}

func (p *program) rebuild(ctx context.Context, yes, dryRun bool) error {
	if !yes && !dryRun {
		err := p.confirmBy(ctx, confirmation{
			action: "rebuild the directory", word: "rebuild", what: `word "rebuild"`,
			warning: "This changes where tenants are routed to, and has every router read the whole directory anew.",
		})
		if err != nil {
			return err
		}
	}
	s, err := p.connect()
	if err != nil {
		return err
	}
	done, err := answer[api.Rebuilding](s.streams.RebuildDirectory(ctx, &api.RebuildDirectoryParams{ValidateOnly: &dryRun}))
	if err != nil {
		return doing(err, "rebuild the directory")
	}
	if p.flags.output.forPrograms() {
		err = p.writeDocument(done)
	} else {
		err = p.showRebuilding(done)
	}
	if err != nil {
		return err
	}
	if len(done.Lost)+len(done.Disputed) > 0 {
		f := failed("directory: %s lost, %d disputed", plural(int64(len(done.Lost)), "tenant"), len(done.Disputed))
		f.exit = ExitMismatch
		return f.withHint("docs/runbooks/disasters/DirectoryLost.md says what to do about each")
	}
	if !dryRun {
		p.note("directory and cells agree")
	}
	return nil
}

func (p *program) showRebuilding(r api.Rebuilding) error {
	err := writeFields(p, []field{
		{label: "Cells", value: strconv.Itoa(r.Cells)},
		{label: "Fences", value: strconv.Itoa(r.Fences)},
		{label: "Same", value: strconv.Itoa(r.Same)},
		{label: "Created", value: strconv.Itoa(len(r.Created))},
		{label: "Corrected", value: strconv.Itoa(len(r.Corrected))},
	})
	if err != nil {
		return err
	}
	return p.showFindings(r.Lost, r.Disputed)
}
