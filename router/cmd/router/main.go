// Command router sends each request to the cell of its tenant.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/router/app"
	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/telemetry"
)

func main() {
	run.TuneGC()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	env, err := run.Environ("ROUTER_", os.Environ())
	if err == nil {
		err = command(env).ExecuteContext(ctx)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "router:", err)
		os.Exit(1)
	}
}

// command reads secrets from env.
func command(env func(string) string) *cobra.Command {
	opts := app.Defaults()
	cmd := &cobra.Command{
		Use:   "router",
		Short: "Send each request to the cell of its tenant",
		Long: `Resolves the tenant of each request from its host or API key, looks up the
tenant's cell and forwards the request, signed. Serves what it knows when the
control plane and NATS are down, restarts included.

Secrets come by environment:
  ROUTER_EDGE_KEY         64 hex digits, the master of the cells' edge keys
  ROUTER_DIRECTORY_TOKEN  API key of role router
  ROUTER_NATS_URL         instead of --nats-url, if it holds a password
  ROUTER_REDIS_URL        instead of --redis-url, if it holds a password`,
		Example:       "  router --listen 127.0.0.1:8080 --domain example.com --directory-url http://controlplane:8090",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.EdgeKey, opts.DirectoryToken = env("ROUTER_EDGE_KEY"), env("ROUTER_DIRECTORY_TOKEN")
			if url := env("ROUTER_NATS_URL"); url != "" {
				opts.NATSURL = url
			}
			opts.TuneGC = env("GOGC") == ""
			if url := env("ROUTER_REDIS_URL"); url != "" {
				opts.RedisURL = url
			}
			return app.Run(cmd.Context(), opts, os.Stderr, nil)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.Listen, "listen", opts.Listen, "address for tenants' requests")
	f.StringVar(&opts.AdminListen, "admin-listen", opts.AdminListen, "address of health, metrics and profiles")
	f.StringVar(&opts.Region, "region", opts.Region, "region of this router")
	f.StringVar(&opts.Domain, "domain", opts.Domain, "tenants answer at {slug}.DOMAIN")
	f.StringVar(&opts.APIHost, "api-host", opts.APIHost, `host where the API key names the tenant (default "api.DOMAIN")`)
	f.StringVar(&opts.DirectoryURL, "directory-url", opts.DirectoryURL, "control plane")
	f.StringVar(&opts.NATSURL, "nats-url", opts.NATSURL, "NATS with JetStream")
	f.StringVar(&opts.Snapshot, "snapshot", opts.Snapshot, "file that keeps the directory over restarts")
	f.DurationVar(&opts.SnapshotInterval, "snapshot-interval", opts.SnapshotInterval, "how often that file is rewritten at most, if something changed")
	f.StringVar((*string)(&opts.Cache), "cache", string(opts.Cache), "full: keep the whole directory; lru: keep tenants that are asked for")
	f.IntVar(&opts.CacheMiB, "cache-mib", opts.CacheMiB, "memory for tenants, with --cache lru")
	f.DurationVar(&opts.NegativeTTL, "negative-ttl", opts.NegativeTTL, `how long "no such tenant" is believed`)
	f.BoolVar(&opts.ReusePort, "reuse-port", opts.ReusePort, "let several routers listen on one address, for restarts without a gap")
	f.StringArrayVar(&opts.TLS, "tls", opts.TLS, "CERT,KEY: PEM files, followed while they change; repeat it to choose by server name (default: no TLS)")
	f.StringSliceVar(&opts.Trusted, "trusted", opts.Trusted, "networks of load balancers, whose X-Forwarded-For and -Proto are believed")
	f.BoolVar(&opts.ProxyProtocol, "proxy-protocol", opts.ProxyProtocol, "connections from --trusted networks begin with a PROXY protocol header, version 2")
	f.IntVar(&opts.MaxConns, "max-connections", opts.MaxConns, "of clients; more are closed at once")
	f.IntVar(&opts.MaxConnsPerClient, "max-connections-per-client", opts.MaxConnsPerClient, "of one address; 0 for no limit")
	f.StringVar(&opts.Policy, "policy", opts.Policy, "JSON file with the rules for routes and versions; followed while it changes (default: built in)")
	f.StringVar(&opts.Plans, "plans", opts.Plans, "YAML file with what is offered, for the plans' limits; followed while it changes (default: built in)")
	f.StringVar(&opts.JWKSURL, "jwks-url", opts.JWKSURL, "keys of the issuer of access tokens (default: access tokens are refused)")
	f.DurationVar(&opts.JWKSMaxAge, "jwks-max-age", opts.JWKSMaxAge, "pause between looks at those keys; a new key has to be published longer before it signs")
	f.StringVar(&opts.Issuer, "issuer", opts.Issuer, "issuer that access tokens must name")
	f.StringVar(&opts.Audience, "audience", opts.Audience, "audience that access tokens must name")
	f.StringVar(&opts.RedisURL, "redis-url", opts.RedisURL, "Redis through which the region's routers share limits (default: each counts alone)")
	f.DurationVar(&opts.RequestTimeout, "request-timeout", opts.RequestTimeout, "from a request's first byte to its answer's header")
	f.DurationVar(&opts.DrainDelay, "drain-delay", opts.DrainDelay, "unready but still accepting, before shutdown")
	f.DurationVar(&opts.ShutdownTimeout, "shutdown-timeout", opts.ShutdownTimeout, "for requests in flight")
	f.BoolVar(&opts.AccessLog, "access-log", opts.AccessLog, "one JSON line a request on stderr")
	f.StringVar(&opts.LogLevel, "log-level", opts.LogLevel, "debug, info, warn or error")
	f.StringArrayVar(&opts.Disks, "watch-disk", opts.Disks, telemetry.DisksUsage)
	opts.Trace.AddFlags(f)
	return cmd
}
