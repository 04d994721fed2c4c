package testkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/coditect/platform/shared/servers"
)

// commandPatience is how long a command may take to end after ctx has.
const commandPatience = 10 * time.Second

// WithServers starts Postgres and RabbitMQ, runs the command, which was made
// with exec.CommandContext and ctx, with their addresses in its environment,
// and stops them. It returns the command's exit status; the error is about the
// servers, or about starting the command.
func WithServers(ctx context.Context, command *exec.Cmd) (status int, err error) {
	run, processes, err := startShared(ctx)
	defer func() {
		err = errors.Join(err, stopAll(context.WithoutCancel(ctx), processes), removeRunDir())
	}()
	if err != nil {
		return 1, err
	}
	if command.Stderr != nil {
		fmt.Fprintln(command.Stderr, "Tests of cells run on", database(run.Postgres))
	}
	encoded, err := json.Marshal(run)
	if err != nil {
		return 1, err
	}
	command.Env = append(command.Environ(), addresses+"="+string(encoded))
	return runCommand(command)
}

func database(cluster servers.Citus) string {
	if n := len(cluster.Workers); n > 0 {
		return fmt.Sprintf("Citus, a coordinator and %d workers", n)
	}
	return "plain Postgres"
}

// startShared starts both servers at the same time. The processes it returns
// are to be stopped also when it returns an error.
func startShared(ctx context.Context) (shared, []*servers.Process, error) {
	type brokerStart struct {
		server    servers.RabbitMQ
		processes []*servers.Process
		err       error
	}
	broker := make(chan brokerStart, 1)
	go func() {
		server, processes, err := startRabbitMQ(ctx)
		broker <- brokerStart{server, processes, err}
	}()
	postgres, processes, err := startPostgres(ctx)
	b := <-broker
	return shared{Postgres: postgres, RabbitMQ: b.server}, append(processes, b.processes...), errors.Join(err, b.err)
}

// runCommand runs the command in a process group of its own. When ctx ends,
// the group gets an interrupt, as it would from a terminal.
func runCommand(command *exec.Cmd) (int, error) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGINT) }
	command.WaitDelay = commandPatience
	return exitStatus(command.Run())
}

func exitStatus(err error) (int, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case !errors.As(err, &exit):
		return 1, fmt.Errorf("run the command: %w", err)
	case exit.ExitCode() < 0:
		return 1, fmt.Errorf("the command ended by a signal: %w", err)
	}
	return exit.ExitCode(), nil
}

// stopAll stops the processes, the last one started first.
func stopAll(ctx context.Context, processes []*servers.Process) error {
	var err error
	for i := len(processes) - 1; i >= 0; i-- {
		err = errors.Join(err, processes[i].Stop(ctx))
	}
	return err
}

func removeRunDir() error {
	dir, err := runDir()
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}
