package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/tenancy"
)

const archiveEnvironment = "\n\nSecrets come from the environment: CELL_MOVER_DATABASE_URL (role cell_mover, direct) and CELL_CONTROL_KEY (hex)."

func exportCommand(env func(string) string) *cobra.Command {
	var opts app.ArchiveOptions
	var key bool
	cmd := &cobra.Command{
		Use: "export TENANT-ID", Short: "Write a whole tenant to standard output", Args: cobra.MaximumNArgs(1),
		Long: "Write everything of a tenant, hashes of keys too, in one snapshot and signed by this cell.\n" +
			"docs/export-format.md describes what is written. --key prints the key that other cells need to trust to import it." + archiveEnvironment,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := readArchiveSecrets(&opts, env); err != nil {
				return err
			}
			if key {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), app.ExportKey(opts.ControlKey))
				return err
			}
			id, err := tenantArgument(args)
			if err != nil {
				return err
			}
			summary, err := app.ExportTenant(cmd.Context(), opts, id, cmd.OutOrStdout())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.ErrOrStderr(), "exported", summary)
			return err
		},
	}
	cmd.Flags().StringVar(&opts.Cell, "cell", "", "the cell's name")
	cmd.Flags().BoolVar(&key, "key", false, "print the public key of this cell's exports")
	return cmd
}

func importCommand(env func(string) string) *cobra.Command {
	var opts app.ArchiveOptions
	var epoch uint64
	var trusted []string
	var check bool
	cmd := &cobra.Command{
		Use: "import TENANT-ID", Short: "Put an exported tenant, read from standard input, into the cell", Args: cobra.MaximumNArgs(1),
		Long: "Read an export from standard input, check all of it and open the cell to the tenant; or leave nothing of it.\n" +
			"The directory must name this cell at the epoch. --check only reads and checks, without a database." + archiveEnvironment,
		RunE: func(cmd *cobra.Command, args []string) error {
			summary, err := runImport(cmd, args, &opts, env, epoch, trusted, check)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.ErrOrStderr(), summary)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.Cell, "cell", "", "the cell's name")
	f.Uint64Var(&epoch, "epoch", 0, "the generation under which the cell shall hold the tenant; not below the export's")
	f.StringSliceVar(&trusted, "trust", nil, "public keys of cells whose exports are taken, besides this cell's own")
	f.BoolVar(&check, "check", false, "only check the export")
	return cmd
}

func runImport(cmd *cobra.Command, args []string, opts *app.ArchiveOptions, env func(string) string, epoch uint64, trusted []string, check bool) (string, error) {
	if check {
		summary, err := app.CheckExport(cmd.InOrStdin())
		return "good: " + summary, err
	}
	if epoch == 0 {
		return "", errors.New("--epoch: use the tenant's epoch in the directory")
	}
	if err := readArchiveSecrets(opts, env); err != nil {
		return "", err
	}
	id, err := tenantArgument(args)
	if err != nil {
		return "", err
	}
	summary, err := app.ImportTenant(cmd.Context(), *opts, id, epoch, trusted, cmd.InOrStdin())
	return "imported " + summary, err
}

func readArchiveSecrets(opts *app.ArchiveOptions, env func(string) string) (err error) {
	opts.MoverDatabaseURL = env("CELL_MOVER_DATABASE_URL")
	opts.ControlKey, err = hexKey("CELL_CONTROL_KEY", env)
	return err
}

func tenantArgument(args []string) (tenancy.ID, error) {
	if len(args) != 1 {
		return tenancy.ID{}, errors.New("name the tenant by its id")
	}
	return tenancy.ParseID(args[0])
}
