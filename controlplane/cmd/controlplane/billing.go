package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/app"
	"github.com/coditect/platform/shared/plans"
)

// offered reads the catalogue at a path; "" is the built-in one.
func offered(path string) (*plans.Catalogue, error) {
	if path == "" {
		return plans.Default(), nil
	}
	return plans.ReadFile(path)
}

func billingSync(env func(string) string) *cobra.Command {
	var path, url string
	var dry, yes bool
	cmd := &cobra.Command{
		Use: "sync", Short: "Make what Stripe offers equal to the plans", Args: cobra.NoArgs,
		Long: "Make products, prices, meters and coupons at Stripe equal to the plans. It shows first what it will change, and\n" +
			"changes it with --yes. What is not marked as this platform's is never touched. The API key comes from\n" +
			"CONTROLPLANE_STRIPE_KEY.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			catalogue, err := offered(path)
			if err != nil {
				return err
			}
			steps, err := app.BillingPlan(cmd.Context(), catalogue, env(stripeKey), url)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, s := range steps {
				_, _ = fmt.Fprintf(out, "%-8s %s\n", s.Kind, s.What)
			}
			switch {
			case len(steps) == 0:
				_, err = fmt.Fprintln(out, "Stripe offers what the plans say: nothing to change")
				return err
			case dry:
				_, err = fmt.Fprintf(out, "%d changes; nothing was changed\n", len(steps))
				return err
			case !yes:
				return errors.New("look at the changes above, then repeat the command with --yes")
			}
			n, err := app.BillingSync(cmd.Context(), catalogue, env(stripeKey), url)
			if err != nil {
				return fmt.Errorf("after %d changes: %w; repeat the command to go on", n, err)
			}
			_, err = fmt.Fprintf(out, "%d changes made\n", n)
			return err
		},
	}
	cmd.Flags().StringVar(&path, "plans", "", "YAML file with what is offered (default: built in)")
	cmd.Flags().StringVar(&url, "stripe-url", "", "base URL of another Stripe, for tests (default: Stripe's own)")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show the changes and make none")
	cmd.Flags().BoolVar(&yes, "yes", false, "make the changes")
	cmd.MarkFlagsMutuallyExclusive("dry-run", "yes")
	return cmd
}
