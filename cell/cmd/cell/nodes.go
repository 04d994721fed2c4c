package main

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/app"
)

func nodes(env func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use: "nodes", Short: "The servers of the cell's Citus cluster",
		Long: "The servers of the cell's Citus cluster. The coordinator's address and the database's owner come from CELL_OWNER_DATABASE_URL.\n\n" +
			"To grow a cell: cell nodes add HOST:PORT, then cell nodes rebalance --wait.\n" +
			"To shrink it:   cell nodes drain HOST:PORT --wait, then cell nodes remove HOST:PORT.",
	}
	root.AddCommand(
		onCluster(env, "ls", "List the servers, with their shards", 0, func(cmd *cobra.Command, c *app.Cluster, _ []string) error { return listNodes(cmd, c) }),
		onCluster(env, "add HOST:PORT", "Let a server take part; it gets shards with the next rebalance", 1, func(cmd *cobra.Command, c *app.Cluster, args []string) error {
			return atNode(args[0], func(host string, port int) error { return c.AddNode(cmd.Context(), host, port) })
		}),
		waiting(onCluster(env, "drain HOST:PORT", "Move every shard off a server", 1, func(cmd *cobra.Command, c *app.Cluster, args []string) error {
			err := atNode(args[0], func(host string, port int) error { return c.DrainNode(cmd.Context(), host, port) })
			if err != nil {
				return err
			}
			return follow(cmd, c)
		})),
		onCluster(env, "remove HOST:PORT", "Take a drained server out", 1, func(cmd *cobra.Command, c *app.Cluster, args []string) error {
			return atNode(args[0], func(host string, port int) error { return c.RemoveNode(cmd.Context(), host, port) })
		}),
		rebalance(env),
		waiting(onCluster(env, "status", "How far the newest rebalance is", 0, func(cmd *cobra.Command, c *app.Cluster, _ []string) error { return follow(cmd, c) })),
	)
	return root
}

func rebalance(env func(string) string) *cobra.Command {
	var dryRun bool
	cmd := waiting(onCluster(env, "rebalance", "Spread the shards evenly, in the background, while tenants work", 0, func(cmd *cobra.Command, c *app.Cluster, _ []string) error {
		moves, err := c.Plan(cmd.Context())
		if err != nil {
			return err
		}
		if err := printPlan(cmd.OutOrStdout(), moves); err != nil || dryRun || len(moves) == 0 {
			return err
		}
		if _, err := c.Rebalance(cmd.Context()); err != nil {
			return err
		}
		return follow(cmd, c)
	}))
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only show what would move")
	return cmd
}

// onCluster is a command that runs with the cluster open.
func onCluster(env func(string) string, use, short string, args int, do func(*cobra.Command, *app.Cluster, []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(args),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := app.OpenCluster(cmd.Context(), env("CELL_OWNER_DATABASE_URL"))
			if err != nil {
				return err
			}
			defer func() { _ = c.Close(cmd.Context()) }()
			return do(cmd, c, args)
		},
	}
}

const waitFlag = "wait"

func waiting(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().Bool(waitFlag, false, "show progress until it is over; an interrupt ends the showing only")
	return cmd
}

// follow prints the state of the newest rebalance, until it is over if the
// command waits.
func follow(cmd *cobra.Command, c *app.Cluster) error {
	const every = time.Second
	wait, _ := cmd.Flags().GetBool(waitFlag) // it is there: see waiting
	tick := time.NewTicker(every)
	defer tick.Stop()
	for last := ""; ; {
		r, err := c.RebalanceState(cmd.Context())
		if err != nil {
			return err
		}
		if line := describe(r); line != last {
			_, _ = fmt.Fprintln(cmd.OutOrStdout(), line)
			last = line
		}
		switch {
		case r.State == "failed":
			return fmt.Errorf("the rebalance failed: %s", r.Problem)
		case r.Over() || !wait:
			return nil
		}
		select {
		case <-cmd.Context().Done():
			return cmd.Context().Err()
		case <-tick.C:
		}
	}
}

func describe(r cell.Rebalance) string {
	if r.State == "" {
		return "no rebalance has been run"
	}
	return fmt.Sprintf("rebalance %d: %s, %d of %d moves done", r.ID, r.State, r.Done, r.Total)
}

func listNodes(cmd *cobra.Command, c *app.Cluster) error {
	found, err := c.Nodes(cmd.Context())
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "NODE\tROLE\tACTIVE\tSHARDS\tMIB")
	for _, n := range found {
		role := "worker"
		if n.Coordinator {
			role = "coordinator"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%t\t%d\t%.1f\n", net.JoinHostPort(n.Host, strconv.Itoa(n.Port)), role, n.Active, n.Shards, mebibytes(n.Bytes))
	}
	return w.Flush()
}

func printPlan(out io.Writer, moves []cell.ShardMove) error {
	if len(moves) == 0 {
		_, err := fmt.Fprintln(out, "nothing to move: the nodes hold about the same")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "SHARD\tFROM\tTO\tMIB")
	for _, m := range moves {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%.1f\n", m.Shard, m.From, m.To, mebibytes(m.Bytes))
	}
	return w.Flush()
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

func atNode(address string, do func(host string, port int) error) error {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q: say HOST:PORT, as in 10.0.16.7:5432", address)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 || host == "" {
		return fmt.Errorf("%q: say HOST:PORT, as in 10.0.16.7:5432", address)
	}
	return do(host, int(port))
}
