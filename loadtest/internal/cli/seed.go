package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/loadtest/internal/seed"
	"github.com/coditect/platform/loadtest/internal/view"
)

const seedHelp = `Makes tenants through the control plane's import, gives each projects through a router,
and writes their keys to a file (mode 0600), which scenarios name. Seeding again with the
same file goes on where it was interrupted.

With --directory-only the tenants are in the directory and in no cell: routers resolve them,
and cells refuse them.`

// seeding is what 'seed' was asked to do.
type seeding struct {
	order        seed.Order
	controlplane string
}

func (p *program) seedCommand() *cobra.Command {
	s := seeding{}
	cmd := &cobra.Command{
		Use: "seed FILE", Short: "Make tenants, and write down their keys", Long: seedHelp, Args: exactly(1),
		Example: `  loadtest seed tenants.ndjson --tenants 1000 --projects 10
  loadtest seed million.ndjson --tenants 1000000 --directory-only`,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.order.File = args[0]
			return p.seed(cmd.Context(), &s)
		},
	}
	f := cmd.Flags()
	f.IntVar(&s.order.Count, "tenants", 1000, "how many there shall be in the file")
	f.IntVar(&s.order.Projects, "projects", 0, "projects of each, at most 100")
	f.StringVar(&s.order.Prefix, "prefix", "seed", "slugs are `PREFIX`-0000000 and so on")
	f.StringVar(&s.order.Plan, "plan", "business", "their plan: its limits hold for load tests, too, and it chooses the tier of cells")
	f.StringVar(&s.order.Region, "region", "", "where they live (the control plane's choice)")
	f.StringVar(&s.order.Cell, "cell", "", "the cell they live in (the control plane's choice)")
	f.BoolVar(&s.order.Bare, "directory-only", false, "nothing in the cells")
	f.IntVar(&s.order.AtOnce, "at-once", 8, "tenants that get projects at the same time")
	f.StringVar(&s.controlplane, "controlplane", "", "base `URL` (the local platform's)")
	f.StringVar(&s.order.Router, "router", "", "base `URL` (the local platform's)")
	f.StringVar(&s.order.Domain, "domain", localDomain, "tenants answer at {slug}.`DOMAIN`")
	return cmd
}

// errNoRouter says that projects cannot be made.
var errNoRouter = errors.New("seed: --projects needs a router: name one with --router, or start the local platform")

func (p *program) seed(ctx context.Context, s *seeding) error {
	if err := s.order.Validate(); err != nil {
		return misused(fmt.Errorf("seed: %w", err))
	}
	state, err := p.local()
	if err != nil {
		return err
	}
	if s.order.Router == "" && state != nil && len(state.Endpoints.Routers) > 0 {
		s.order.Router = state.Endpoints.Routers[slices.Sorted(maps.Keys(state.Endpoints.Routers))[0]].URL
	}
	if s.order.Router == "" && s.order.Projects > 0 {
		return misused(errNoRouter)
	}
	control, err := p.operator(state, s.controlplane)
	if err != nil {
		return err
	}
	bar := view.NewBar(p.opts.Stderr, p.opts.StderrTerminal)
	s.order.Plane, s.order.Progress = control, bar.Show
	s.order.Client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: s.order.AtOnce}}
	begun := time.Now()
	err = s.order.Run(ctx)
	bar.End()
	if err != nil {
		return err
	}
	took := time.Since(begun)
	fmt.Fprintf(p.opts.Stdout, "%d tenants are in %s, after %s\n", s.order.Count, s.order.File, took.Round(time.Second/10))
	return nil
}
