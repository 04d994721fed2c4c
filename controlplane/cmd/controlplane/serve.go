package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/app"
	"github.com/coditect/platform/shared/telemetry"
)

func serve(env func(string) string) *cobra.Command {
	opts := app.DefaultOptions()
	level := "info"
	var proxies []string
	var catalogue string
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the control plane", Args: cobra.NoArgs,
		Long: "Run the control plane.\n\nSecrets come from the environment: CONTROLPLANE_DATABASE_URL (postgres://…) and\n" +
			"CONTROLPLANE_CONTROL_KEY (32 bytes in hex, the master of the cells' control keys). CONTROLPLANE_NATS_URL, if set,\n" +
			"is used instead of --nats-url: for a URL that holds a password. With CONTROLPLANE_STRIPE_KEY and\n" +
			"CONTROLPLANE_STRIPE_WEBHOOK_SECRET tenants are billed. CONTROLPLANE_TOKEN_HOOK_KEY is what the authorization server\n" +
			"shows when it asks what a token shall carry.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := readControlKey(env)
			if err != nil {
				return err
			}
			if opts.TrustedProxies, err = networks(proxies); err != nil {
				return err
			}
			opts.ControlKey, opts.DatabaseURL = key, env(databaseURL)
			opts.StripeKey, opts.StripeWebhookSecret = env(stripeKey), env(stripeWebhookSecret)
			opts.TokenHookKey = env(tokenHookKey)
			if opts.Offered, err = offered(catalogue); err != nil {
				return err
			}
			if address := env("CONTROLPLANE_NATS_URL"); address != "" {
				opts.NATSURL = address
			}
			opts.Log = telemetry.NewLogger(cmd.ErrOrStderr(), level, "controlplane")
			opts.Started = func(at app.Addresses) {
				opts.Log.Info("listening", "api", at.API.String(), "admin", at.Admin.String(), "signin", opts.SigninURL)
			}
			return app.Run(cmd.Context(), opts)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&opts.Listen, "listen", opts.Listen, "address of the API")
	flags.StringVar(&opts.AdminListen, "admin-listen", opts.AdminListen, "address of health, metrics and profiles")
	flags.StringVar(&opts.TLS, "tls", opts.TLS, "CERT,KEY: PEM files for the API, followed while they change (default: no TLS)")
	flags.StringVar(&opts.NATSURL, "nats-url", opts.NATSURL, "NATS server that changes are relayed to")
	flags.StringVar(&opts.Domain, "domain", opts.Domain, "the platform's own domain")
	flags.StringVar(&opts.TenantURL, "tenant-url", opts.TenantURL, "a tenant's base URL, with {slug}")
	flags.IntVar(&opts.SignupsPerClient, "signups-per-client", opts.SignupsPerClient, "sign-ups a minute from one address; 0 is unlimited")
	flags.IntVar(&opts.SignupsTotal, "signups-total", opts.SignupsTotal, "sign-ups a minute together, for this process; 0 is unlimited")
	flags.BoolVar(&opts.CordonNewCells, "cordon-new-cells", opts.CordonNewCells, "a new cell begins cordoned, until 'cellctl cell smoke' has passed")
	flags.StringSliceVar(&proxies, "trusted-proxies", nil, "networks (CIDR) of the load balancers whose X-Forwarded-For names the client")
	flags.Int32Var(&opts.DatabaseConns, "database-conns", opts.DatabaseConns, "most connections to the database")
	flags.Uint64Var(&opts.KeepChanges, "keep-changes", opts.KeepChanges, "changes of the log that are always kept")
	flags.DurationVar(&opts.KeepFor, "keep-changes-for", opts.KeepFor, "age up to which changes are kept")
	flags.StringVar(&catalogue, "plans", "", "YAML file with what is offered (default: built in)")
	flags.StringVar(&opts.StripeURL, "stripe-url", "", "base URL of another Stripe, for tests (default: Stripe's own)")
	flags.DurationVar(&opts.UsageInterval, "usage-interval", opts.UsageInterval, "how often cells' usage is collected; Stripe is told a fifth as often")
	flags.StringArrayVar(&opts.Disks, "watch-disk", opts.Disks, telemetry.DisksUsage)
	opts.Trace.AddFlags(flags)
	flags.StringVar(&opts.HydraAdminURL, "hydra-admin-url", "", "admin API of the authorization server (default: nobody signs in)")
	flags.StringVar(&opts.Issuer, "issuer", "", "the authorization server as browsers and tokens name it")
	flags.StringVar(&opts.JWKSURL, "jwks-url", "", "where it publishes its keys")
	flags.StringVar(&opts.SigninListen, "signin-listen", opts.SigninListen, "address of the login application")
	flags.StringVar(&opts.SigninURL, "signin-url", "", "where browsers find the login application: scheme, host and port (default: there is none)")
	flags.StringVar(&level, "log-level", level, "debug, info, warn or error")
	return cmd
}

func readControlKey(env func(string) string) ([]byte, error) {
	key, err := hex.DecodeString(env(controlKey))
	if err != nil {
		return nil, errors.New(controlKey + ": not hex") // without the value
	}
	return key, nil
}

func networks(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxies: %q is not a network such as 10.0.0.0/8", text)
		}
		out = append(out, prefix.Masked())
	}
	return out, nil
}
