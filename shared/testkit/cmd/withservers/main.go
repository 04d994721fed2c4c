// Command withservers runs a command, such as go test ./..., with the servers
// that tests share: it starts Postgres and RabbitMQ once, tells the command
// where they are, passes its exit status on and stops them.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/coditect/platform/shared/testkit"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: withservers -- command [argument ...]")
		os.Exit(2)
	}
	os.Exit(run(args))
}

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // running what it is told is its purpose
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	status, err := testkit.WithServers(ctx, command)
	if err != nil {
		fmt.Fprintln(os.Stderr, "withservers:", err)
		return max(status, 1)
	}
	return status
}
