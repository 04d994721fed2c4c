package cli

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/internal/cellfiles"
	"github.com/coditect/platform/shared/fault"
)

const scaffoldHelp = `Writes terraform/cells/CELL: a cell.yaml to read and edit, and the files that are
the same in all cells. It asks no server, and makes nothing in the cloud.

The Kubernetes overlay of the cell, deploy/kubernetes/cells/CELL, is made from the
same facts. When you have edited cell.yaml, 'cell overlay CELL' makes it again.

The cell gets a network of its own, the lowest /16 of 10.0.0.0/9 that no cell
has: networks that meet must not overlap. The project should be there already;
if its number is not given, cell.yaml says where it belongs, and Terraform
refuses to plan without it.

What comes next, from plan to smoke test, stands in the README under "Add a cell".`

func (p *program) cellScaffold() *cobra.Command {
	var spec cellfiles.Spec
	var dir, overlays string
	cmd := &cobra.Command{
		Use: "scaffold CELL", Short: "Write the Terraform and Kubernetes directories of a new cell", Long: scaffoldHelp, Args: named("CELL"),
		Example: `  cellctl cell scaffold cell-c --region us-east1
  cellctl cell scaffold cell-d --region europe-west3 --tier enterprise --database citus --project acme-cell-d --project-number 123456789012`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: run(func(_ *cobra.Command, args []string) error {
			spec.ID = args[0]
			return p.scaffold(dir, overlays, spec)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&spec.Region, "region", "", "the region it stands in")
	f.StringSliceVar(&spec.Zones, "zones", nil, "three zones of the region (default: its usual ones)")
	f.StringVar(&spec.BackupRegion, "backup-region", "", "the region that copies go to (default: a neighbour)")
	f.StringVar(&spec.Tier, "tier", "standard", "for which plans it is; a plan names its tier")
	f.Var(choice{&spec.Database, []string{"postgres", "citus"}}, "database", "Cloud SQL for up to 10,000 tenants, or Citus")
	f.StringVar(&spec.Project, "project", "", "the Google Cloud project that it has to itself (default: coditect-CELL)")
	f.StringVar(&spec.ProjectNumber, "project-number", "", "that project's number")
	f.StringVar(&spec.CIDR, "cidr", "", "its network (default: the lowest free /16)")
	f.StringVar(&dir, "dir", "", "where the cells are (default: terraform/cells, here or in a directory above)")
	f.StringVar(&overlays, "overlays", "", "where their overlays are (default: deploy/kubernetes/cells beside terraform; if that is not there, none is written)")
	spec.Database = "postgres"
	_ = cmd.MarkFlagRequired("region") // fails only for a flag that is not there
	return cmd
}

func (p *program) scaffold(dir, overlays string, spec cellfiles.Spec) error {
	if dir == "" {
		dir = p.cellsDir()
	}
	if overlays == "" && isDir(overlaysBeside(dir)) {
		overlays = overlaysBeside(dir)
	}
	made, err := cellfiles.Scaffold(dir, overlays, spec)
	if err != nil {
		return scaffoldFailure(err)
	}
	if p.flags.output.forPrograms() {
		return p.writeDocument(map[string]string{"dir": made.Dir, "overlay": made.Overlay, "cell": made.Spec.ID, "cidr": made.Spec.CIDR, "region": made.Spec.Region, "project": made.Spec.Project})
	}
	next := []string{
		"wrote " + made.Dir + " (network " + made.Spec.CIDR + ")",
		"",
		"Next:",
		"  read and edit " + filepath.Join(made.Dir, "cell.yaml"),
		"  make test-terraform",
		"  terraform/tf cells/" + made.Spec.ID + " plan -out " + made.Spec.ID + ".plan",
		"The README goes on from there, under \"Add a cell\".",
	}
	if made.Overlay != "" {
		next[0] += " and " + made.Overlay
	}
	if made.Spec.ProjectNumber == "" {
		next[3] += ": project_number is still empty"
	}
	_, err = p.opts.Stdout.Write([]byte(strings.Join(next, "\n") + "\n"))
	return err
}

// cellsDir finds terraform/cells here or above; if there is none, the relative path
// stands in the error.
func (p *program) cellsDir() string {
	relative := filepath.Join("terraform", "cells")
	for dir := filepath.Clean(p.opts.Dir); ; dir = filepath.Dir(dir) {
		if isDir(filepath.Join(dir, relative)) {
			return filepath.Join(dir, relative)
		}
		if dir == filepath.Dir(dir) {
			return relative
		}
	}
}

// overlaysBeside is where the overlays of the cells in a directory are.
func overlaysBeside(cellsDir string) string {
	return filepath.Join(cellsDir, "..", "..", "deploy", "kubernetes", "cells")
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func scaffoldFailure(err error) error {
	f := asFailure(err)
	f.what = "scaffold: " + f.what
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.NotFound:
		f.exit = ExitUsage
	case fault.Conflict:
		f.exit = ExitConflict
	}
	return f.withHint("nothing was written; see cellctl cell scaffold --help")
}
