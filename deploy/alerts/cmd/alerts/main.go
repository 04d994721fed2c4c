// Alerts makes the rule files of objectives (alerts generate, in
// deploy/alerts) and tests every alert (alerts test, anywhere); the latter also
// has the dashboards' queries parsed.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/coditect/platform/deploy/alerts"
	"github.com/coditect/platform/deploy/dashboards"
)

// casesLeast is how many cases there must be.
const casesLeast = 100

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "alerts:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "generate":
		rules, err := alerts.Generated()
		if err != nil {
			return err
		}
		return os.WriteFile("slo.rules.yaml", rules, 0o644) //nolint:gosec // source code
	case len(args) == 1 && args[0] == "test":
		return test(ctx)
	}
	return fmt.Errorf("usage: alerts generate | test")
}

// test prints the figure in the form of the benchmarks'.
func test(ctx context.Context) error {
	if _, err := dashboards.CheckSyntax(ctx); err != nil {
		return err
	}
	if _, err := dashboards.CheckValues(ctx); err != nil {
		return err
	}
	n, err := alerts.Check(ctx)
	if err != nil {
		return err
	}
	verdict := "ok"
	if n < casesLeast {
		verdict = "short"
	}
	_, _ = fmt.Fprintf(os.Stdout, "figure alert_cases %d cases bar >= %d %s\n", n, casesLeast, verdict)
	if n < casesLeast {
		return fmt.Errorf("%d cases are too few", n)
	}
	return nil
}
