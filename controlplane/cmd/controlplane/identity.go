package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/app"
	"github.com/coditect/platform/shared/run"
)

func identityCommand() *cobra.Command {
	var adminURL string
	identity := &cobra.Command{Use: "identity", Short: "The authorization server: its clients and keys"}
	identity.PersistentFlags().StringVar(&adminURL, "hydra-admin-url", "", "admin API of the authorization server")
	clients := &cobra.Command{Use: "clients", Short: "Applications that have people signed in"}
	clients.AddCommand(clientsSync(&adminURL))
	keys := &cobra.Command{Use: "keys", Short: "Keys that tokens are signed with"}
	keys.AddCommand(keysRotate(&adminURL))
	identity.AddCommand(clients, keys)
	return identity
}

func clientsSync(adminURL *string) *cobra.Command {
	var dir string
	var dry, yes bool
	cmd := &cobra.Command{
		Use: "sync --dir DIR", Short: "Make the clients equal to the files of a directory", Args: cobra.NoArgs,
		Long: "Make the authorization server's clients equal to the files *.yaml of a directory. It shows first what it will\n" +
			"change, and changes it with --yes. Clients that no such file ever described are never touched. ${NAME} in a file,\n" +
			"and the secrets that files name, come from the environment, as NAME or as NAME_FILE, the path of a file with the value.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			files := os.DirFS(dir)
			var absent error
			lookup := func(name string) (string, bool) {
				value, err := variable(name)
				absent = errors.Join(absent, err)
				return value, value != ""
			}
			steps, err := app.ClientsPlan(cmd.Context(), files, lookup, *adminURL)
			if err = errors.Join(absent, err); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, s := range steps {
				_, _ = fmt.Fprintf(out, "%-8s %-24s %s\n", s.Kind, s.ID, s.Why)
			}
			switch {
			case len(steps) == 0:
				_, err = fmt.Fprintln(out, "The clients are those of the files: nothing to change")
				return err
			case dry:
				_, err = fmt.Fprintf(out, "%d changes; nothing was changed\n", len(steps))
				return err
			case !yes:
				return errors.New("look at the changes above, then repeat the command with --yes")
			}
			n, err := app.ClientsSync(cmd.Context(), files, lookup, *adminURL)
			if err != nil {
				return fmt.Errorf("after %d changes: %w; repeat the command to go on", n, err)
			}
			_, err = fmt.Fprintf(out, "%d changes made\n", n)
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "the directory")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show the changes and make none")
	cmd.Flags().BoolVar(&yes, "yes", false, "make the changes")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "yes")
	_ = cmd.MarkFlagRequired("dir") // fails for undefined flags only
	return cmd
}

// variable reads one name from the environment, where it may come as NAME_FILE.
func variable(name string) (string, error) {
	env, err := run.Environ(name, os.Environ())
	return env(name), err
}

// Phases of a rotation, unless said otherwise: routers look at the keys every
// five minutes, give or take a tenth; a token lives for ten and is accepted half
// a minute longer, and an id token as long.
const (
	announceFor = 6 * time.Minute
	retireAfter = 12 * time.Minute
)

func keysRotate(adminURL *string) *cobra.Command {
	announce, retire := announceFor, retireAfter
	cmd := &cobra.Command{
		Use: "rotate", Short: "Sign with new keys, without anybody noticing", Args: cobra.NoArgs,
		Long: "Make new keys, publish them, sign with them once every verifier knows them, and remove the old ones once no\n" +
			"token is signed with them any more. It takes as long as --announce and --retire together. If it is interrupted,\n" +
			"nothing is broken: repeat it.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			return app.RotateKeys(cmd.Context(), *adminURL, announce, retire, func(what string) {
				_, _ = fmt.Fprintln(out, time.Now().UTC().Format(time.TimeOnly), what)
			})
		},
	}
	cmd.Flags().DurationVar(&announce, "announce", announce, "how long a key is published before it signs: longer than routers go without a look (--jwks-max-age)")
	cmd.Flags().DurationVar(&retire, "retire", retire, "how long it is published after it has signed for the last time: longer than a token lives")
	return cmd
}
