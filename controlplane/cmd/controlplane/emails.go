package main

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/app"
)

func emailsRebuild(env func(string) string) *cobra.Command {
	return &cobra.Command{
		Use: "rebuild-emails", Short: "Make the index of users' e-mail addresses anew from all cells", Args: cobra.NoArgs,
		Long: "Make the index from users' e-mail addresses to tenants anew from all cells. Sign-ins go on meanwhile with what is\n" +
			"known. A cell that does not answer is an error; the others are read all the same. Secrets come from the\n" +
			"environment: CONTROLPLANE_DATABASE_URL and CONTROLPLANE_CONTROL_KEY.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := hex.DecodeString(env("CONTROLPLANE_CONTROL_KEY"))
			if err != nil {
				return errors.New("CONTROLPLANE_CONTROL_KEY: not hex") // without the value
			}
			if err := app.RebuildEmails(cmd.Context(), env(databaseURL), key); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "the index is as the cells are")
			return err
		},
	}
}
