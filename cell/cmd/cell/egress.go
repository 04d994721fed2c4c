package main

import (
	"github.com/spf13/cobra"

	"github.com/coditect/platform/cell/app"
)

// egressFlags are for tests and the local platform.
func egressFlags(cmd *cobra.Command, opts *app.EgressOptions) {
	f := cmd.Flags()
	f.StringSliceVar(&opts.Allow, "egress-allow", opts.Allow, "networks that webhooks may reach although they are not public, such as 127.0.0.0/8")
	f.BoolVar(&opts.HTTP, "egress-http", opts.HTTP, "let webhooks use http as well as https")
}
