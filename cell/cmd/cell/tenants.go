package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/tenancy"
)

func tenants(env func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use: "tenants", Short: "What tenants cost the cell's Citus cluster",
		Long: "What tenants cost the cell's Citus cluster, and shards of their own for big ones. The coordinator's address and the\n" +
			"database's owner come from CELL_OWNER_DATABASE_URL.",
	}
	limit := 20
	top := onCluster(env, "top", "List the tenants that cost the most in the last minutes", 0, func(cmd *cobra.Command, c *app.Cluster, _ []string) error {
		return printTop(cmd, c, limit)
	})
	top.Flags().IntVar(&limit, "limit", limit, "how many")
	isolate := onCluster(env, "isolate TENANT-ID", "Give a tenant shards of its own", 1, func(cmd *cobra.Command, c *app.Cluster, args []string) error {
		id, err := tenancy.ParseID(args[0])
		if err != nil {
			return fmt.Errorf("%q: say the tenant's id, a UUID: %w", args[0], err)
		}
		if err := c.IsolateTenant(cmd.Context(), id); err != nil {
			return err
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s has shards of its own; cell nodes rebalance may give them a worker of their own\n", id)
		return err
	})
	root.AddCommand(top, isolate)
	return root
}

func printTop(cmd *cobra.Command, c *app.Cluster, limit int) error {
	loads, err := c.BusiestTenants(cmd.Context(), limit)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "TENANT\tNODE\tCPU\tREADS\tQUERIES\tSHARD MIB\tOWN SHARD")
	for _, l := range loads {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%.1f\t%t\n", l.TenantID, l.Node, l.CPU, l.Reads, l.Queries, mebibytes(l.ShardBytes), l.Isolated)
	}
	return w.Flush()
}
