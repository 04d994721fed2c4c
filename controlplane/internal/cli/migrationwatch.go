package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
)

// aim is what is waited for, and whether it was missed for good.
type aim struct {
	what string
	met  func(m api.Migration) bool
}

// arrived is that the tenant is live in its new cell, whatever is still to clean up.
var arrived = aim{"wait until the tenant is live in its new cell", func(m api.Migration) bool {
	switch m.Phase {
	case controlplane.MigrationSettling, controlplane.MigrationCleaning, controlplane.MigrationCompleted:
		return true
	}
	return m.Phase.Over()
}}

// ended is that nothing will happen any more.
var ended = aim{"wait until the migration is over", func(m api.Migration) bool { return m.Phase.Over() }}

// follow shows a migration's progress until the aim is met, and what came of
// it. An interruption ends only the watching.
func (p *program) follow(ctx context.Context, s *session, m api.Migration, w waiting, a aim) error {
	show := &liveMigration{p: p, shownStage: "-"}
	w.wait = true
	err := p.until(ctx, w, a.what, func(ctx context.Context) (bool, error) {
		return p.readMigration(ctx, s, &m, func() bool {
			show.update(m)
			return a.met(m)
		})
	})
	show.clear()
	if err != nil {
		f := *asFailure(err)
		f.what = "watch the migration of " + m.Slug + ": " + f.what
		return f.withHint("the migration goes on; watch it: cellctl migration watch %s", m.ID)
	}
	return p.migrationResult(m)
}

// readMigration follows the stream of events until enough says so.
func (p *program) readMigration(ctx context.Context, s *session, m *api.Migration, enough func() bool) (done bool, err error) {
	if enough() {
		return true, nil
	}
	resp, err := s.streams.WatchMigration(ctx, m.ID)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return false, problem(resp)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxAnswer)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var seen api.Migration
		if err := json.Unmarshal([]byte(data), &seen); err != nil {
			return false, failed("the control plane sent an event that is none: %s", err)
		}
		if *m = seen; enough() {
			return true, nil
		}
	}
	return false, nil // it broke off, or was long enough; it is begun anew
}

// liveMigration is the line, or the lines, that show a migration's progress.
type liveMigration struct {
	p          *program
	shownStage string
	lineOpen   bool
	shownAt    time.Time
}

func (l *liveMigration) update(m api.Migration) {
	if l.p.flags.output.forPrograms() {
		return
	}
	now := l.p.opts.Now()
	switch {
	case l.p.opts.StderrTerminal && (m.Stage != l.shownStage || now.Sub(l.shownAt) >= progressEvery):
		_, _ = fmt.Fprintf(l.p.opts.Stderr, "\r\x1b[K%s", oneLine(progressLine(m)))
		l.lineOpen, l.shownAt = true, now
	case !l.p.opts.StderrTerminal && m.Stage != l.shownStage:
		l.p.note("%s", oneLine(progressLine(m)))
	}
	l.shownStage = m.Stage
}

func (l *liveMigration) clear() {
	if l.lineOpen {
		l.lineOpen = false
		_, _ = io.WriteString(l.p.opts.Stderr, "\r\x1b[K")
	}
}

// progressLine says in one line how far a migration is. A time that is not
// known is not shown.
func progressLine(m api.Migration) string {
	g := m.Progress
	parts := []string{m.Slug + " " + m.Source + " → " + m.Target, m.Stage}
	switch controlplane.MigrationStage(m.Stage) {
	case controlplane.StageCopy:
		parts = append(parts, fmt.Sprintf("table %d of %d, %s of about %s rows, %s of about %s", min(g.TablesDone+1, g.Tables), g.Tables,
			thousands(g.RowsDone), thousands(g.Rows), byteText(g.BytesDone), byteText(g.Bytes)))
		if g.BytesPerSecond > 0 {
			parts = append(parts, byteText(g.BytesPerSecond)+"/s")
		}
		if g.EtaSeconds != nil {
			parts = append(parts, "about "+roughly(*g.EtaSeconds)+" left")
		}
	case controlplane.StageCatchUp, controlplane.StageVerify, controlplane.StageReady, controlplane.StageReturn, controlplane.StageWindow:
		parts = append(parts, fmt.Sprintf("behind by %s, %d ms", byteText(g.LagBytes), g.LagMs))
	case controlplane.StageCutover:
		if m.PredictedPauseMs != nil {
			parts = append(parts, fmt.Sprintf("pause of about %.0f ms predicted", *m.PredictedPauseMs))
		}
	}
	if g.Files != nil && deref(g.FilesDone) < *g.Files {
		parts = append(parts, fmt.Sprintf("%s of %s", thousands(deref(g.FilesDone)), plural(*g.Files, "file")))
	}
	if m.PauseMs != nil {
		parts = append(parts, fmt.Sprintf("pause was %.0f ms", *m.PauseMs))
	}
	if m.Paused {
		parts = append(parts, "paused")
	}
	if m.Failure != nil {
		parts = append(parts, "waits: "+*m.Failure)
	}
	return strings.Join(parts, ", ")
}

// migrationResult is what a migration came to, in words and as exit code.
func (p *program) migrationResult(m api.Migration) error {
	switch m.Phase {
	case controlplane.MigrationAborted, controlplane.MigrationRolledBack:
		f := failed("the migration of %s to %s was undone: %s", m.Slug, m.Target, orDash(deref(m.Failure)))
		f.exit = ExitUndone
		if deref(m.FailureCode) == string(controlplane.Mismatch) {
			f.exit = ExitMismatch
		}
		if m.Phase == controlplane.MigrationRolledBack {
			f.what = fmt.Sprintf("tenant %s was rolled back to %s", m.Slug, m.Source)
		}
		return f.withHint("the tenant is served by %s; details: cellctl migration show %s", m.Source, m.ID)
	}
	text := fmt.Sprintf("tenant %s is live in %s", m.Slug, m.Target)
	if m.PauseMs != nil {
		text += fmt.Sprintf(" after a write pause of %.0f ms", *m.PauseMs)
		if m.PredictedPauseMs != nil {
			text += fmt.Sprintf(" (predicted: %.0f ms)", *m.PredictedPauseMs)
		}
	}
	if m.Phase == controlplane.MigrationSettling && m.WindowUntil != nil && deref(m.Terms.RollbackWindowSeconds) > 0 {
		text += "; until " + moment(m.WindowUntil) + ": cellctl migration rollback " + m.Slug
	}
	return p.done(m, "%s", text)
}
