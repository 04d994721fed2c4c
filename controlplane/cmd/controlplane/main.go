// Command controlplane runs the control plane and prepares its database.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/shared/run"
)

func main() {
	run.TuneGC()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	env, err := run.Environ("CONTROLPLANE_", os.Environ())
	if err == nil {
		err = command(env).ExecuteContext(ctx)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "controlplane:", err)
		os.Exit(1)
	}
}

// command is the command tree; env reads the environment, where secrets come from.
func command(env func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use: "controlplane", Short: "The platform's control plane: directory, cells, placement, sign-up",
		SilenceUsage: true, SilenceErrors: true,
	}
	schema := &cobra.Command{Use: "schema", Short: "The database's schema"}
	schema.AddCommand(schemaUp(env))
	key := &cobra.Command{Use: "key", Short: "API keys"}
	key.AddCommand(keyEnsure(env))
	billing := &cobra.Command{Use: "billing", Short: "What is offered, at Stripe"}
	billing.AddCommand(billingSync(env))
	identity := identityCommand()
	identity.AddCommand(emailsRebuild(env))
	directory := &cobra.Command{Use: "directory", Short: "The directory, before it is served"}
	directory.AddCommand(directoryHold(env))
	root.AddCommand(serve(env), schema, key, billing, identity, operatorCommand(env), directory)
	return root
}

// Names in the environment.
const (
	databaseURL         = "CONTROLPLANE_DATABASE_URL"
	controlKey          = "CONTROLPLANE_CONTROL_KEY"
	tokenHookKey        = "CONTROLPLANE_TOKEN_HOOK_KEY"
	stripeKey           = "CONTROLPLANE_STRIPE_KEY"
	stripeWebhookSecret = "CONTROLPLANE_STRIPE_WEBHOOK_SECRET"
)
