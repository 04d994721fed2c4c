// Command loadtest sends load to the platform and says what came of it. See
// docs/capacity.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/charmbracelet/x/term"

	"github.com/coditect/platform/loadtest/internal/cli"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	program, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "loadtest:", err)
		return cli.ExitFailed
	}
	return cli.Run(ctx, cli.Options{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, StderrTerminal: term.IsTerminal(os.Stderr.Fd()),
		Program: program, OperatorKey: os.Getenv("LOADTEST_OPERATOR_KEY"),
	})
}
