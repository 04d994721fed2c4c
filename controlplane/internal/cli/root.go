package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// program is one run of cellctl.
type program struct {
	opts   Options
	flags  globalFlags
	warned bool // about the contexts file's mode
}

// globalFlags are the flags that every command has.
type globalFlags struct {
	context        string
	server         string
	output         format
	requestTimeout time.Duration
	noColor        bool
}

const rootHelp = `cellctl is for the people who run the platform: it shows and changes cells and
tenants through the control plane's API.

A context says which control plane, and with which key. Inside the repository
the context "local" is there by itself once 'make up' has run.

Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 a wait timed out, 4 not allowed,
5 conflict (the present state does not allow it, or a name is taken), 6 a
verification found a difference, 7 a migration or rollout was undone.

Environment:
  CELLCTL_CONFIG   the contexts file (~/.config/coditect/cellctl.json)
  CELLCTL_API_KEY  the key to use with --server, for scripts without a context
  NO_COLOR         no colors`

const rootExamples = `  cellctl cell ls
  cellctl tenant ls --cell cell-a --state suspended
  cellctl tenant show acme -o json
  cellctl tenant suspend acme --reason "unpaid since May"
  cellctl migrate acme --to cell-b
  cellctl audit --tenant acme
  cellctl login prod --server https://control.example.com`

func (p *program) root() *cobra.Command {
	root := group("cellctl", "Operate cells and tenants", rootHelp, rootExamples)
	root.SilenceUsage, root.SilenceErrors = true, true
	root.SetIn(p.opts.Stdin)
	root.SetOut(p.opts.Stdout)
	root.SetErr(p.opts.Stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return misused("%s", err).withHint("see %s --help", cmd.CommandPath())
	})
	p.globalFlags(root)
	root.AddCommand(p.cellCommand(), p.tenantCommand(), p.migrateCommand(), p.migrationCommand(), p.drainCommand(), p.rebalanceCommand(), p.rolloutCommand(), p.directoryCommand(),
		p.billingCommand(), p.keyCommand(), p.auditCommand(), p.contextCommand(), p.loginCommand(), p.logoutCommand(), p.whoamiCommand(), p.versionCommand())
	adoptCompletion(root)
	return root
}

// adoptCompletion makes cobra's own group refuse what it does not know, too.
func adoptCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			strict := group(cmd.Use, cmd.Short, "", "")
			cmd.Args, cmd.RunE, cmd.SuggestionsMinimumDistance = strict.Args, strict.RunE, strict.SuggestionsMinimumDistance
		}
	}
}

func (p *program) globalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&p.flags.context, "context", "", "the context to use, instead of the current one")
	f.StringVar(&p.flags.server, "server", "", "the control plane's `URL`, instead of the context's")
	f.VarP(choice{(*string)(&p.flags.output), formats}, "output", "o", "output format")
	f.DurationVar(&p.flags.requestTimeout, "request-timeout", 30*time.Second, "the longest that one request may take")
	f.BoolVar(&p.flags.noColor, "no-color", false, "no colors, also on a terminal")
	p.complete(root, "output", fixed(formats...))
	p.complete(root, "context", p.contextNames)
}

// group makes a command that only has subcommands.
func group(use, short, long, examples string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long, Example: examples,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			f := misused("there is no command %q", strings.Join(append(strings.Fields(cmd.CommandPath())[1:], args[0]), " ")).withHint("see %s --help", cmd.CommandPath())
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				f.hint = "did you mean " + strings.Join(near, " or ") + "?"
			}
			return f
		},
		SuggestionsMinimumDistance: 2,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
}

// action is what a command does.
type action func(cmd *cobra.Command, args []string) error

// run makes every error of an action a failure, which tells it from cobra's
// own complaints about the command line.
func run(do action) action {
	return func(cmd *cobra.Command, args []string) error {
		if err := do(cmd, args); err != nil {
			return asFailure(err)
		}
		return nil
	}
}

// named makes the argument check of a command that takes exactly these.
func named(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		wants := "no arguments"
		if len(names) > 0 {
			wants = strings.Join(names, " and ")
		}
		return misused("'%s' takes %s, not %s", cmd.CommandPath(), wants, plural(int64(len(args)), "argument")).withHint("see %s --help", cmd.CommandPath())
	}
}
