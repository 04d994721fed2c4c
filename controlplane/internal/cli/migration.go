package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
)

const migrationHelp = `A migration is one tenant's move to another cell: 'migrate', 'drain' and
'rebalance' begin them. Each command here takes a migration's id, or a tenant,
whose latest migration is meant.`

func (p *program) migrationCommand() *cobra.Command {
	cmd := group("migration", "Watch, pause, abort and roll back moves of tenants", migrationHelp, `  cellctl migration ls --open
  cellctl migration watch acme
  cellctl migration rollback acme`)
	cmd.AddCommand(p.migrationLs(), p.migrationShow(), p.migrationWatch(), p.migrationThrottle(), p.certificateCommand(), p.certificateVerify(),
		p.orderMigration("pause", "Stop before the cutover until it is resumed", "", func(ctx context.Context, s *session, m api.Migration) (*http.Response, error) {
			return s.PauseMigration(ctx, m.ID)
		}),
		p.orderMigration("resume", "Let a paused migration go on", "", func(ctx context.Context, s *session, m api.Migration) (*http.Response, error) {
			return s.ResumeMigration(ctx, m.ID)
		}),
		p.orderMigration("finish", "End the rollback window now", "The source's rows are removed; there is no way back but another migration.",
			func(ctx context.Context, s *session, m api.Migration) (*http.Response, error) {
				return s.FinishMigration(ctx, m.ID)
			}),
		p.reasonedOrder("abort", "End a migration as if it had not been", `Before the commit point the target's rows are removed and the source goes on. During
a rollback it gives the rollback up: the tenant stays in its target.`,
			func(ctx context.Context, s *session, m api.Migration, r api.Reason) (*http.Response, error) {
				return s.AbortMigration(ctx, m.ID, r)
			}),
		p.reasonedOrder("rollback", "Move the tenant back, within the rollback window", "Everything written since the move comes along: no write is lost.",
			func(ctx context.Context, s *session, m api.Migration, r api.Reason) (*http.Response, error) {
				return s.RollbackMigration(ctx, m.ID, r)
			}))
	return cmd
}

func (p *program) reasonedOrder(verb, short, long string, send func(context.Context, *session, api.Migration, api.Reason) (*http.Response, error)) *cobra.Command {
	var reason string
	cmd := p.orderMigration(verb, short, long, func(ctx context.Context, s *session, m api.Migration) (*http.Response, error) {
		return send(ctx, s, m, api.Reason{Reason: optional(reason)})
	})
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the next one who looks (up to 500 characters)")
	return cmd
}

func (p *program) migrationThrottle() *cobra.Command {
	var rate byteCount
	cmd := p.orderMigration("throttle", "Bound a copy under way", "Without --to the copy is unbounded again.", func(ctx context.Context, s *session, m api.Migration) (*http.Response, error) {
		return s.ThrottleMigration(ctx, m.ID, api.Throttle{BytesPerSecond: int64(rate)})
	})
	cmd.Example = "  cellctl migration throttle acme --to 20MB"
	cmd.Flags().Var(&rate, "to", "bytes a second, for example 20MB")
	return cmd
}

func (p *program) migrationLs() *cobra.Command {
	var cell, phase, tenant, batch string
	var open bool
	limit := -1
	cmd := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List migrations, newest first", Args: named(),
		Example: "  cellctl migration ls --open\n  cellctl migration ls --tenant acme\n  cellctl migration ls --cell cell-a --phase aborted -o jsonl",
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			params := &api.ListMigrationsParams{Cell: optional(cell), Phase: (*api.MigrationPhase)(optional(phase)), Open: optional(open)}
			if tenant != "" {
				t, err := s.tenant(cmd.Context(), tenant)
				if err != nil {
					return doing(err, "list migrations")
				}
				params.Tenant = &t.TenantID
			}
			if id, ok := asUUID(batch); ok {
				params.Batch = &id
			} else if batch != "" {
				return misused("%q is not a batch's id", batch).withHint("'cellctl drain' and 'cellctl rebalance' say it")
			}
			err = list(p, "migration", limit, migrationColumns(p.opts.Now()), func(cursor string, size int) ([]api.Migration, string, error) {
				params.Cursor, params.Limit = optional(cursor), &size
				page, err := answer[api.MigrationPage](s.ListMigrations(cmd.Context(), params))
				return page.Migrations, deref(page.NextCursor), err
			})
			return doing(err, "list migrations")
		}),
	}
	var phases []string
	for _, known := range controlplane.MigrationPhases {
		phases = append(phases, string(known))
	}
	cmd.Flags().StringVar(&cell, "cell", "", "only those that leave or enter this cell")
	cmd.Flags().StringVar(&tenant, "tenant", "", "only this tenant's")
	cmd.Flags().StringVar(&batch, "batch", "", "only those of this drain or rebalance")
	cmd.Flags().Var(choice{&phase, phases}, "phase", "only those in this phase")
	cmd.Flags().BoolVar(&open, "open", false, "only those that are not over")
	limitFlag(cmd, &limit)
	p.complete(cmd, "cell", p.cellNames)
	p.complete(cmd, "tenant", p.tenantNames)
	p.complete(cmd, "phase", fixed(phases...))
	return cmd
}

func migrationColumns(now time.Time) []column[api.Migration] {
	return []column[api.Migration]{
		{title: "TENANT", text: func(m api.Migration) string { return m.Slug }},
		{title: "FROM", text: func(m api.Migration) string { return m.Source }},
		{title: "TO", text: func(m api.Migration) string { return m.Target }},
		{title: "PHASE", text: phaseText, color: func(m api.Migration) color { return migrationColor(m.Phase) }},
		{title: "STAGE", text: func(m api.Migration) string { return m.Stage }},
		{title: "DONE", text: func(m api.Migration) string { return share(m.Progress) }},
		{title: "PAUSE", text: func(m api.Migration) string { return milliText(m.PauseMs) }},
		{title: "AGE", text: func(m api.Migration) string { return age(now, m.CreatedAt) }},
		{title: "ID", text: func(m api.Migration) string { return m.ID.String() }},
		{title: "BY", wide: true, text: func(m api.Migration) string { return m.Actor }},
		{title: "REASON", wide: true, text: func(m api.Migration) string { return deref(m.Terms.Reason) }},
		{title: "FAILURE", wide: true, text: func(m api.Migration) string { return deref(m.Failure) }},
	}
}

func share(g api.MigrationProgress) string {
	if g.Bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%d%%", g.BytesDone*100/g.Bytes)
}

func milliText(ms *float64) string {
	if ms == nil {
		return ""
	}
	return fmt.Sprintf("%.0f ms", *ms)
}

func (p *program) migrationShow() *cobra.Command {
	return &cobra.Command{
		Use: "show MIGRATION|TENANT", Short: "Show one migration, with the time of each stage", Args: named("MIGRATION|TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Example: "  cellctl migration show acme\n  cellctl migration show acme -o json | jq .timings",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			m, err := s.migration(cmd.Context(), args[0])
			if err != nil {
				return doing(err, "show migration %s", args[0])
			}
			if p.flags.output.forPrograms() {
				return p.writeDocument(m)
			}
			return writeFields(p, migrationFields(m))
		}),
	}
}

func migrationFields(m api.Migration) []field {
	g := m.Progress
	return []field{
		{label: "Migration", value: m.ID.String()},
		{label: "Tenant", value: m.Slug},
		{label: "From", value: m.Source},
		{label: "To", value: m.Target},
		{label: "Phase", value: phaseText(m), color: migrationColor(m.Phase)},
		{label: "Stage", value: m.Stage},
		{label: "Copied", value: fmt.Sprintf("%s of about %s rows, %s of about %s", thousands(g.RowsDone), thousands(g.Rows), byteText(g.BytesDone), byteText(g.Bytes))},
		{label: "Behind", value: fmt.Sprintf("%s, %d ms", byteText(g.LagBytes), g.LagMs)},
		{label: "Verified", value: verifiedText(m.Verified)},
		{label: "Pause", value: strings.TrimSpace(milliText(m.PauseMs) + predictedText(m.PredictedPauseMs))},
		{label: "Rollback pause", value: milliText(m.RollbackPauseMs), wide: true},
		{label: "Cutovers", value: fmt.Sprint(m.Attempts)},
		{label: "Rollback until", value: moment(m.WindowUntil)},
		{label: "Failure", value: deref(m.Failure)},
		{label: "Reason", value: deref(m.Terms.Reason)},
		{label: "By", value: m.Actor},
		{label: "Begun", value: moment(&m.CreatedAt)},
		{label: "Over", value: moment(m.FinishedAt)},
		{label: "Stages", value: stagesText(m.Timings)},
	}
}

func verifiedText(v *bool) string {
	switch {
	case v == nil:
		return ""
	case *v:
		return "equal digests on both sides"
	}
	return "the sides differ"
}

func predictedText(ms *float64) string {
	if ms == nil {
		return ""
	}
	return fmt.Sprintf(" (predicted: %.0f ms)", *ms)
}

// stagesText is how long each stage took.
func stagesText(timings []api.StageTiming) string {
	var parts []string
	for _, t := range timings {
		if t.Until == nil {
			parts = append(parts, t.Stage+" …")
			continue
		}
		parts = append(parts, t.Stage+" "+t.Until.Sub(t.From).Round(time.Millisecond).String())
	}
	return strings.Join(parts, ", ")
}

func migrationColor(p controlplane.MigrationPhase) color {
	switch p {
	case controlplane.MigrationSettling, controlplane.MigrationCleaning, controlplane.MigrationCompleted:
		return green
	case controlplane.MigrationAborting, controlplane.MigrationAborted, controlplane.MigrationRolledBack:
		return red
	}
	return yellow
}

func (p *program) migrationWatch() *cobra.Command {
	var w waiting
	var toEnd bool
	cmd := &cobra.Command{
		Use: "watch MIGRATION|TENANT", Short: "Show a migration's progress until the tenant is live in its new cell", Args: named("MIGRATION|TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Example: "  cellctl migration watch acme\n  cellctl migration watch acme --to-end      # also through window and clean-up",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			m, err := s.migration(cmd.Context(), args[0])
			if err != nil {
				return doing(err, "watch migration %s", args[0])
			}
			a := arrived
			if toEnd || m.Phase == controlplane.MigrationReturning {
				a = ended
			}
			return p.follow(cmd.Context(), s, m, w, a)
		}),
	}
	cmd.Flags().BoolVar(&toEnd, "to-end", false, "until the migration is over")
	cmd.Flags().DurationVar(&w.timeout, "timeout", 24*time.Hour, "how long; then exit code 3")
	return cmd
}
