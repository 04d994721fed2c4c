package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/cell/app"
)

// errTampered makes the exit code 2: the command did its work and found something.
var errTampered = errors.New("the audit log is not as it was written")

const exitTampered = 2

// exitCode tells what was found from what went wrong.
func exitCode(err error) int {
	if errors.Is(err, errTampered) {
		return exitTampered
	}
	return 1
}

func audit(env func(string) string) *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "The tenants' audit logs"}
	cmd.AddCommand(auditVerify(env))
	return cmd
}

func auditVerify(env func(string) string) *cobra.Command {
	opts := app.VerifyOptions{}
	var anchor string
	cmd := &cobra.Command{
		Use: "verify", Short: "Verify that a tenant's audit log is as it was written", Args: cobra.NoArgs,
		Long: "Read a tenant's whole audit log, its hash chain and its checkpoints, and report what does not fit.\n" +
			"The exit code is 0 if the log is intact, 2 if it is not, 1 if it could not be verified.\n\n" +
			"A checkpoint that was kept elsewhere (the control plane, or the tenant: last_checkpoint of GET /v1/audit-log/verification)\n" +
			"proves also that the tail was not cut off together with its checkpoints: --anchor FILE, - for standard input.\n\n" +
			"Secrets come from the environment: CELL_DATABASE_URL (role cell_app) and CELL_CONTROL_KEY, from which the key of\n" +
			"this cell's checkpoints is derived.",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			opts.DatabaseURL = env("CELL_DATABASE_URL")
			if opts.ControlKey, err = hexKey("CELL_CONTROL_KEY", env); err != nil {
				return err
			}
			if opts.Anchor, err = readAnchor(anchor, cmd.InOrStdin()); err != nil {
				return err
			}
			intact, err := app.VerifyAudit(cmd.Context(), opts, cmd.OutOrStdout())
			if err == nil && !intact {
				err = errTampered
			}
			return err
		},
	}
	cmd.Flags().StringVar(&opts.Tenant, "tenant", "", "the tenant's id")
	cmd.Flags().StringVar(&anchor, "anchor", "", "file with a checkpoint that was kept elsewhere")
	return cmd
}

func readAnchor(path string, stdin io.Reader) ([]byte, error) {
	switch path {
	case "":
		return nil, nil
	case "-":
		return io.ReadAll(stdin)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--anchor: %w", err)
	}
	return text, nil
}
