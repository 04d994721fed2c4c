package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/app"
)

func schemaUp(env func(string) string) *cobra.Command {
	return &cobra.Command{
		Use: "up", Short: "Bring the schema of CONTROLPLANE_DATABASE_URL up to date", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			version, err := app.SchemaUp(cmd.Context(), env(databaseURL))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "schema is at version %d\n", version)
			return err
		},
	}
}

func directoryHold(env func(string) string) *cobra.Command {
	return &cobra.Command{
		Use: "hold", Short: "Have a directory that was lost answer nobody until it is rebuilt", Args: cobra.NoArgs,
		Long: "For an empty database in the place of one that was lost, before the control plane is started: routers would take an empty\n" +
			"directory for the truth about whom they know. 'cellctl directory rebuild' ends it. What cells and operators need for that is answered.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := app.HoldDirectory(cmd.Context(), env(databaseURL)); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "the directory answers nobody until it is rebuilt")
			return err
		},
	}
}

// maxSecretLine bounds what is read of standard input.
const maxSecretLine = 1024

func keyEnsure(env func(string) string) *cobra.Command {
	var key controlplane.Key
	var role string
	cmd := &cobra.Command{
		Use: "ensure", Short: "Make an API key exist; its secret comes on standard input", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key.Role = controlplane.Role(role)
			secret, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), maxSecretLine)).ReadString('\n')
			if err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("read the secret: %w", err)
			}
			changed, err := app.EnsureKey(cmd.Context(), env(databaseURL), key, strings.TrimSpace(secret))
			if err != nil {
				return err
			}
			text := "key %s is as it was\n"
			if changed {
				text = "key %s is set\n"
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), text, key.Name)
			return err
		},
	}
	cmd.Flags().StringVar(&key.Name, "name", "", "the key's name")
	cmd.Flags().StringVar(&role, "role", "", "viewer, operator, admin, cell or router")
	cmd.Flags().StringVar(&key.Cell, "cell", "", "with role cell: the cell")
	for _, required := range []string{"name", "role"} {
		_ = cmd.MarkFlagRequired(required) // fails for undefined flags only
	}
	return cmd
}
