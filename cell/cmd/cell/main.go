// Command cell runs the processes of a cell and prepares its database.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/run"
)

func main() {
	run.TuneGC()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	env, err := run.Environ("CELL_", os.Environ())
	if err == nil {
		err = command(env).ExecuteContext(ctx)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cell:", err)
		os.Exit(exitCode(err))
	}
}

// command is the command tree; env reads the environment, where secrets come from.
func command(env func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use: "cell", Short: "A cell: the isolated backend of a share of all tenants", SilenceUsage: true, SilenceErrors: true,
	}
	schema := &cobra.Command{Use: "schema", Short: "The cell's database"}
	schema.AddCommand(schemaUp(env))
	root.AddCommand(api(env), worker(env), schema, nodes(env), tenants(env), exportCommand(env), importCommand(env), audit(env))
	return root
}

func schemaUp(env func(string) string) *cobra.Command {
	return &cobra.Command{
		Use: "up", Short: "Make the database's roles and bring its schema up to date", Args: cobra.NoArgs,
		Long: "Make the roles cell_app, cell_relay and cell_mover and bring the schema of CELL_OWNER_DATABASE_URL up to date.\n" +
			"The roles' passwords come from CELL_APP_PASSWORD, CELL_RELAY_PASSWORD and CELL_MOVER_PASSWORD.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			version, err := app.SchemaUp(cmd.Context(), app.SchemaOptions{
				OwnerDatabaseURL: env("CELL_OWNER_DATABASE_URL"), AppPassword: env("CELL_APP_PASSWORD"),
				RelayPassword: env("CELL_RELAY_PASSWORD"), MoverPassword: env("CELL_MOVER_PASSWORD"),
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "schema is at version %d\n", version)
			return err
		},
	}
}
