package cli

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
)

// termFlags are the flags that say how to move.
type termFlags struct {
	throttle    byteCount
	pauseBudget time.Duration
	window      time.Duration
	notBefore   momentValue
	notAfter    momentValue
	movesAtOnce int
	reason      string
}

func (t *termFlags) flags(cmd *cobra.Command, now func() time.Time, window time.Duration) {
	t.notBefore.now, t.notAfter.now = now, now
	f := cmd.Flags()
	f.Var(&t.throttle, "throttle", "bound the copy to so many bytes a second, for example 20MB (default: unbounded)")
	f.DurationVar(&t.pauseBudget, "pause-budget", time.Second, "the longest write pause; the cutover is tried again if it takes longer")
	f.DurationVar(&t.window, "rollback-window", window, "for how long the tenant can be moved back without a loss; 0 is not at all")
	f.Var(&t.notBefore, "not-before", "begin no earlier: a time (RFC 3339) or how long from now")
	f.Var(&t.notAfter, "not-after", "give up if the cutover has not happened by then: a time or how long from now")
	f.IntVar(&t.movesAtOnce, "moves-at-once", 2, "how many moves either cell may have under way")
	f.StringVar(&t.reason, "reason", "", "why, for the next one who looks (up to 500 characters)")
}

func (t *termFlags) terms() *api.MigrationTerms {
	pause, window, rate := int(t.pauseBudget.Milliseconds()), int(t.window.Seconds()), int64(t.throttle)
	return &api.MigrationTerms{
		BytesPerSecond: &rate, PauseBudgetMs: &pause, RollbackWindowSeconds: &window, NotBefore: optional(t.notBefore.at), NotAfter: optional(t.notAfter.at),
		MovesAtOnce: &t.movesAtOnce, Reason: optional(t.reason),
	}
}

// migrating is what 'migrate' was asked to do.
type migrating struct {
	terms   termFlags
	to      string
	dryRun  bool
	yes     bool
	waiting waiting
}

const migrateHelp = `Moves a tenant to another cell while it works. Its data is copied and kept up to
date, both sides are compared, and then writes stop for a moment, which the
router hides: nothing fails. Without --to, placement chooses a cell in the
tenant's region.

Until the rollback window is over, 'migration rollback' moves the tenant back
without losing a write. You are asked to type the tenant's slug; --yes does
without, for scripts. --dry-run checks everything and changes nothing.

The move goes on by itself: if this command is interrupted, nothing else is.

Exit codes besides the usual ones: 6 the two sides differed, and the tenant
stayed where it was; 7 the move was undone for another reason.`

func (p *program) migrateCommand() *cobra.Command {
	var g migrating
	cmd := &cobra.Command{
		Use: "migrate TENANT", Short: "Move a tenant to another cell while it works", Long: migrateHelp, Args: named("TENANT"),
		ValidArgsFunction: firstOnly(p.tenantNames),
		Example: `  cellctl migrate acme --to cell-b --dry-run
  cellctl migrate acme --to cell-b --throttle 20MB --reason "cell-a is full"
  cellctl migrate acme --yes --wait=false`,
		RunE: run(func(cmd *cobra.Command, args []string) error { return p.migrate(cmd.Context(), args[0], g) }),
	}
	g.terms.flags(cmd, p.opts.Now, time.Hour)
	cmd.Flags().StringVar(&g.to, "to", "", "the `CELL` to move to (default: placement chooses)")
	cmd.Flags().BoolVar(&g.dryRun, "dry-run", false, "check and estimate only")
	cmd.Flags().BoolVar(&g.yes, "yes", false, "do not ask")
	g.waiting.flags(cmd, true, 24*time.Hour, "the tenant is live in its new cell")
	p.complete(cmd, "to", p.cellNames)
	return cmd
}

func (p *program) migrate(ctx context.Context, name string, g migrating) error {
	s, err := p.connect()
	if err != nil {
		return err
	}
	t, err := s.tenant(ctx, name)
	if err != nil {
		return doing(err, "migrate tenant %s", name)
	}
	request := api.MigrationRequest{TenantID: t.TenantID, Target: optional(g.to), Terms: g.terms.terms(), ValidateOnly: new(bool)}
	*request.ValidateOnly = true
	plan, err := answer[api.MigrationPlan](s.CreateMigration(ctx, request))
	if err != nil {
		return doing(migrateHint(err), "migrate tenant %s", name)
	}
	if g.dryRun {
		return p.showMigrationPlan(plan)
	}
	if !g.yes {
		if err := p.confirmMigration(ctx, s, plan); err != nil {
			return err
		}
	}
	request.ValidateOnly, request.Target = nil, &plan.Target // what was shown is what is done
	m, err := answer[api.Migration](s.CreateMigration(ctx, request))
	if err != nil {
		return doing(migrateHint(err), "migrate tenant %s", name)
	}
	if !g.waiting.wait {
		return p.done(m, "tenant %s moves from %s to %s: cellctl migration watch %s", m.Slug, m.Source, m.Target, m.ID)
	}
	return p.follow(ctx, s, m, g.waiting, arrived)
}

func migrateHint(err error) error {
	return hinting(err, fault.Conflict, "nothing was changed; 'cellctl migration ls' shows the moves under way")
}

func (p *program) confirmMigration(ctx context.Context, s *session, plan api.MigrationPlan) error {
	return p.confirmBy(ctx, confirmation{
		action: "migrate tenant " + plan.Slug, word: plan.Slug, what: "tenant's slug",
		warning: fmt.Sprintf("This moves %s from %s to %s (about %s, %s), at %s.", plan.Slug, plan.Source, plan.Target,
			plural(plan.Rows, "row"), byteText(plan.Bytes), s.target.Server),
	})
}

func (p *program) showMigrationPlan(plan api.MigrationPlan) error {
	if p.flags.output.forPrograms() {
		return p.writeDocument(plan)
	}
	return writeFields(p, []field{
		{label: "Tenant", value: plan.Slug},
		{label: "From", value: plan.Source},
		{label: "To", value: plan.Target},
		{label: "Reason", value: deref(plan.PlacementReason)},
		{label: "Rows", value: "about " + thousands(plan.Rows)},
		{label: "Size", value: "about " + byteText(plan.Bytes)},
		{label: "Duration", value: "about " + roughly(plan.DurationSeconds)},
		{label: "Done", value: "nothing: this was only a plan"},
	})
}

func roughly(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d >= 10*time.Second {
		return d.Round(time.Second).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// migration fetches a migration by id, or the latest one of a tenant by slug.
func (s *session) migration(ctx context.Context, name string) (api.Migration, error) {
	if id, ok := asUUID(name); ok {
		m, err := answer[api.Migration](s.GetMigration(ctx, id))
		return m, hinting(err, fault.NotFound, "'cellctl migration ls' lists migrations")
	}
	t, err := s.tenant(ctx, name)
	if err != nil {
		return api.Migration{}, err
	}
	one := 1
	page, err := answer[api.MigrationPage](s.ListMigrations(ctx, &api.ListMigrationsParams{Tenant: &t.TenantID, Limit: &one}))
	if err == nil && len(page.Migrations) == 0 {
		return api.Migration{}, failed("tenant %s was never moved", t.Slug).withHint("'cellctl migration ls' lists migrations")
	}
	if err != nil {
		return api.Migration{}, err
	}
	return page.Migrations[0], nil
}

// orderMigration makes a command that orders something of a migration.
func (p *program) orderMigration(verb, short, long string, send func(context.Context, *session, api.Migration) (*http.Response, error)) *cobra.Command {
	return &cobra.Command{
		Use: verb + " MIGRATION|TENANT", Short: short, Long: long, Args: named("MIGRATION|TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Example: "  cellctl migration " + verb + " acme",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			m, err := s.migration(cmd.Context(), args[0])
			if err == nil {
				m, err = answer[api.Migration](send(cmd.Context(), s, m))
			}
			if err != nil {
				return doing(hinting(err, fault.Conflict, "'cellctl migration show %s' shows where it is", args[0]), "%s migration of %s", verb, args[0])
			}
			return p.done(m, "migration of %s is %s", m.Slug, phaseText(m))
		}),
	}
}

func phaseText(m api.Migration) string {
	if m.Paused {
		return string(m.Phase) + ", paused"
	}
	return string(m.Phase)
}
