package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/app"
)

const operatorHelp = `People who operate the platform. They sign in with an address, a password that
is made here and shown once, and the code of an authenticator. These commands
work on CONTROLPLANE_DATABASE_URL with CONTROLPLANE_CONTROL_KEY; no server has to
run.`

func operatorCommand(env func(string) string) *cobra.Command {
	operator := &cobra.Command{Use: "operator", Short: "Accounts of the people who operate the platform", Long: operatorHelp}
	// with runs do with the accounts, and the one argument, an address.
	with := func(use, short string, do func(cmd *cobra.Command, accounts *app.Operators, email string) error) *cobra.Command {
		return &cobra.Command{
			Use: use + " EMAIL", Short: short, Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return withOperators(cmd, env, func(accounts *app.Operators) error { return do(cmd, accounts, args[0]) })
			},
		}
	}
	var role string
	create := with("create", "Make an account and show its login, once", func(cmd *cobra.Command, accounts *app.Operators, email string) error {
		made, err := accounts.Create(cmd.Context(), email, controlplane.Role(role))
		if err != nil {
			return err
		}
		return showLogin(cmd.OutOrStdout(), made)
	})
	create.Flags().StringVar(&role, "role", "", "viewer, operator, admin or billing")
	_ = create.MarkFlagRequired("role") // fails for undefined flags only
	reset := with("reset", "Give an account another login, show it, and end all sessions", func(cmd *cobra.Command, accounts *app.Operators, email string) error {
		made, err := accounts.Reset(cmd.Context(), email)
		if err != nil {
			return err
		}
		return showLogin(cmd.OutOrStdout(), made)
	})
	disable := with("disable", "End an account, and all its sessions", func(cmd *cobra.Command, accounts *app.Operators, email string) error {
		if err := accounts.Disable(cmd.Context(), email); err != nil {
			return err
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s is disabled; 'controlplane operator reset' enables the account\n", controlplane.NormalEmail(email))
		return err
	})
	operator.AddCommand(create, operatorList(env), disable, reset)
	return operator
}

func withOperators(cmd *cobra.Command, env func(string) string, do func(*app.Operators) error) error {
	key, err := readControlKey(env)
	if err != nil {
		return err
	}
	return app.WithOperators(cmd.Context(), env(databaseURL), key, do)
}

func showLogin(out io.Writer, made controlplane.NewOperator) error {
	_, err := fmt.Fprintf(out, `Operator       %s
Role           %s
Password       %s
Authenticator  %s

This is shown once. Give both to the person over separate ways; the authenticator takes the URI as a QR code.
`, made.Account.Email, made.Account.Role, made.Password, made.TOTPURI)
	return err
}

func operatorList(env func(string) string) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List accounts", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withOperators(cmd, env, func(accounts *app.Operators) error {
				all, err := accounts.Register.List(cmd.Context())
				if err != nil {
					return err
				}
				table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				_, _ = fmt.Fprintln(table, "OPERATOR\tROLE\tLAST LOGIN\tSTATE") // Flush reports
				for _, a := range all {
					_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", a.Email, a.Role, moment(a.LastLoginAt), operatorState(a, time.Now()))
				}
				return table.Flush()
			})
		},
	}
}

func operatorState(a controlplane.OperatorAccount, now time.Time) string {
	switch {
	case !a.DisabledAt.IsZero():
		return "disabled"
	case now.Before(a.LockedUntil):
		return "locked until " + moment(a.LockedUntil)
	}
	return "active"
}

func moment(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.UTC().Format(time.RFC3339)
}
