// Command stripefake runs the small Stripe of package stripetest, for the local
// platform: what is bought there costs nothing. Its state lives as long as it.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/controlplane/internal/stripe/stripetest"
	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/web"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command(os.Getenv).ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "stripefake:", err)
		os.Exit(1)
	}
}

// beat is how often time passes, and events are delivered.
const beat = 200 * time.Millisecond

func command(env func(string) string) *cobra.Command {
	var listen, hook, base string
	cmd := &cobra.Command{
		Use: "stripefake", Short: "A small Stripe, for one machine", Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		Long: "Secrets come from the environment, under the names that the control plane has for them.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			fake := stripetest.New(stripetest.Options{
				Now: time.Now(), Key: env("CONTROLPLANE_STRIPE_KEY"), WebhookSecret: env("CONTROLPLANE_STRIPE_WEBHOOK_SECRET"), BaseURL: base, Series: rand.Text()[:6],
			})
			listener, err := web.Listen(listen)
			if err != nil {
				return err
			}
			log := slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), nil))
			group, ctx := errgroup.WithContext(cmd.Context())
			group.Go(func() error {
				return web.Serve(ctx, web.ServerOptions{Name: "stripe", Listener: listener, Handler: fake.Handler(), Log: log})
			})
			client := &http.Client{Timeout: 5 * time.Second}
			loop := run.Loop{Name: "events", Interval: beat, MaxPause: 5 * time.Second, Log: log}
			group.Go(func() error {
				return loop.Run(ctx, func(ctx context.Context) error {
					fake.Follow(time.Now())
					return fake.Deliver(ctx, client, hook)
				})
			})
			return group.Wait()
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:12111", "address of the API and of the pages")
	cmd.Flags().StringVar(&hook, "webhook", "", "`URL` that events are delivered to")
	cmd.Flags().StringVar(&base, "base-url", "http://127.0.0.1:12111", "`URL` of the pages, as people reach them")
	_ = cmd.MarkFlagRequired("webhook") // fails for undefined flags only
	return cmd
}
