package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Exit codes of the process.
const (
	ExitOK         = 0
	ExitFailed     = 1
	ExitUsage      = 2  // the command line or the scenario is wrong; nothing was sent
	ExitInvalid    = 3  // the run says nothing, since the generator itself was too slow
	ExitThresholds = 99 // a threshold was missed
)

// Options is what the process hands to a run of loadtest.
type Options struct {
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	StderrTerminal bool
	Program        string // this program's file, for generators in processes of their own
	OperatorKey    string // of the control plane; empty: the local platform's
}

// program is one run of loadtest.
type program struct {
	opts     Options
	platform string // path of platform.json
}

// exit is an error that has a code of its own.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string { return e.err.Error() }
func (e *exit) Unwrap() error { return e.err }

// misused makes an error of the command line or its files.
func misused(err error) error { return &exit{code: ExitUsage, err: err} }

const rootHelp = `loadtest sends load to the platform, or to any HTTP server, and says what came of it.

Exit codes: 0 ok, 1 failed, 2 the command line or the scenario is wrong and nothing was sent,
3 the run is invalid, since the generator itself was late, 99 a threshold was missed.

Environment:
  LOADTEST_OPERATOR_KEY   key of an operator, for seeding, migrations and publishing; otherwise
                          that of the local platform (--platform)`

// Run executes one command line and returns the exit code.
func Run(ctx context.Context, opts Options) int {
	p := &program{opts: opts}
	root := &cobra.Command{Use: "loadtest", Short: "Load tests and capacity runs", Long: rootHelp, SilenceErrors: true, SilenceUsage: true}
	root.SetArgs(opts.Args)
	root.SetIn(opts.Stdin)
	root.SetOut(opts.Stdout)
	root.SetErr(opts.Stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return misused(err) })
	root.PersistentFlags().StringVar(&p.platform, "platform", ".local/platform.json", "the local platform's `FILE`, if there is one")
	root.AddCommand(p.runCommand(), p.compareCommand(), p.reportCommand(), p.seedCommand(), p.capacityCommand(), p.connectionsCommand(), p.generateCommand(), p.holdCommand())
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitOK
	}
	fmt.Fprintln(opts.Stderr, "loadtest:", err)
	var e *exit
	if errors.As(err, &e) {
		return e.code
	}
	return ExitFailed
}

// exactly is cobra's check of the number of arguments, as misuse.
func exactly(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := cobra.ExactArgs(n)(cmd, args); err != nil {
			return misused(fmt.Errorf("%w; see %s --help", err, cmd.CommandPath()))
		}
		return nil
	}
}
