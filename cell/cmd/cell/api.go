package main

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/telemetry"
)

const levelUsage = "debug, info, warn or error"

func api(env func(string) string) *cobra.Command {
	opts := app.DefaultAPIOptions()
	level := "info"
	cmd := &cobra.Command{
		Use: "api", Short: "Serve the cell's API", Args: cobra.NoArgs,
		Long: "Serve the cell's API.\n\nSecrets come from the environment: CELL_DATABASE_URL (role cell_app), CELL_MOVER_DATABASE_URL (role\n" +
			"cell_mover, direct), CELL_EDGE_KEY and CELL_CONTROL_KEY (32 bytes in hex, derived for this cell),\n" +
			"CELL_REDIS_URL (of the cell's own Redis; without it every answer comes from the database) and\nCELL_CONTROLPLANE_TOKEN (an API key of the control plane with the role cell).",
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.DatabaseURL, opts.MoverDatabaseURL = env("CELL_DATABASE_URL"), env("CELL_MOVER_DATABASE_URL")
			opts.ControlplaneToken, opts.RedisURL = env("CELL_CONTROLPLANE_TOKEN"), env("CELL_REDIS_URL")
			var edgeErr, controlErr error
			opts.EdgeKey, edgeErr = hexKey("CELL_EDGE_KEY", env)
			opts.ControlKey, controlErr = hexKey("CELL_CONTROL_KEY", env)
			if err := errors.Join(edgeErr, controlErr); err != nil {
				return err
			}
			opts.Log = telemetry.NewLogger(cmd.ErrOrStderr(), level, "cell").With("cell", opts.Cell)
			return app.RunAPI(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.Cell, "cell", opts.Cell, "the cell's name")
	f.StringVar(&opts.Region, "region", opts.Region, "where it is")
	f.StringVar(&opts.Tier, "tier", opts.Tier, "for which plans it is")
	f.StringVar(&opts.Listen, "listen", opts.Listen, "address of the tenant-facing API")
	f.StringVar(&opts.InternalListen, "internal-listen", opts.InternalListen, "address of the API for the control plane")
	f.StringVar(&opts.AdminListen, "admin-listen", opts.AdminListen, "address of health, metrics and profiles")
	f.StringVar(&opts.TLS, "tls", opts.TLS, "CERT,KEY: PEM files for both APIs, followed while they change (default: no TLS)")
	f.StringVar(&opts.Advertise, "advertise", opts.Advertise, "base URL at which routers reach --listen (default: as it listens)")
	f.StringVar(&opts.AdvertiseInternal, "advertise-internal", opts.AdvertiseInternal, "base URL at which the control plane reaches --internal-listen")
	f.StringVar(&opts.ControlplaneURL, "controlplane-url", opts.ControlplaneURL, "base URL of the control plane (default: register nowhere)")
	f.IntVar(&opts.CapacityTenants, "capacity-tenants", opts.CapacityTenants, "how many tenants it can carry")
	f.Int64Var(&opts.RetainedLog, "retained-log", opts.RetainedLog, "most bytes of its log that the database may keep for one leaving tenant")
	f.StringVar(&opts.BlobURL, "blob-url", opts.BlobURL, "bucket for files: file:///directory, the same for api and worker")
	f.Int32Var(&opts.DatabaseConns, "database-conns", opts.DatabaseConns, "most connections to the database")
	egressFlags(cmd, &opts.Egress)
	observeFlags(cmd, &opts.Observe)
	f.StringVar(&level, "log-level", level, levelUsage)
	return cmd
}

// hexKey never quotes the key.
func hexKey(name string, env func(string) string) ([]byte, error) {
	key, err := hex.DecodeString(env(name))
	if err != nil {
		return nil, fmt.Errorf("%s: set it to %d bytes in hex", name, app.KeyBytes)
	}
	return key, nil
}
