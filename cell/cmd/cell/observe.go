package main

import (
	"github.com/spf13/cobra"

	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/telemetry"
)

// observeFlags are those of what a process shows.
func observeFlags(cmd *cobra.Command, opts *app.ObserveOptions) {
	opts.Trace.AddFlags(cmd.Flags())
	cmd.Flags().StringArrayVar(&opts.Disks, "watch-disk", opts.Disks, telemetry.DisksUsage)
}
