// Command jobload is what make bench-jobs measures a cell's jobs with. As
// "jobload worker" it is the cell's worker that knows one more kind of job, whose
// effect is a row in the audit log. As "jobload ask" it asks for such jobs, one
// after the other as each is done, and writes how long each took, in JSON, until
// its effect was to be seen. It reads tenants, one JSON object a line, from
// standard input.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := command(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "jobload:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string, env func(string) string, in io.Reader, out io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "worker":
			return work(ctx, args[1:], env)
		case "ask":
			return ask(ctx, args[1:], env("CELL_DATABASE_URL"), in, out)
		}
	}
	return fmt.Errorf("usage: jobload worker | ask")
}
