// Command local runs the whole platform on this machine: up, down, nuke,
// status, logs.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the program at once, as usual.
	context.AfterFunc(ctx, stop)
	err := command(os.Stdout, os.Getenv).ExecuteContext(ctx)
	if err == nil {
		return
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintln(os.Stderr, "\nlocal:", err)
	}
	os.Exit(1)
}
