package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/internal/rollout"
	"github.com/coditect/platform/shared/fault"
)

func (p *program) rolloutStatus() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use: "status", Short: "Show how far a rollout is", Args: named(), Example: "  cellctl rollout status -o json",
		RunE: run(func(*cobra.Command, []string) error {
			s, err := rollout.Read(path)
			if err != nil {
				return rolloutFailure(err)
			}
			return p.showRollout(s)
		}),
	}
	rolloutFile(cmd, &path)
	return cmd
}

// showRollout shows the plan of a rollout and how far each cell is.
func (p *program) showRollout(s rollout.State) error {
	if p.flags.output.forPrograms() {
		return p.writeDocument(s)
	}
	type row struct {
		wave int
		rollout.Cell
	}
	var rows []row
	for i, wave := range s.Waves {
		for _, c := range wave {
			rows = append(rows, row{i + 1, c})
		}
	}
	if err := writeTable(p, []column[row]{
		{title: "WAVE", text: func(r row) string { return strconv.Itoa(r.wave) }},
		{title: "CELL", text: func(r row) string { return r.ID }},
		{title: "FROM", text: func(r row) string { return r.From }},
		{title: "TO", text: func(row) string { return s.Version }},
		{title: "STATE", text: func(r row) string { return string(r.Phase) }},
	}, rows); err != nil {
		return err
	}
	line := []string{string(s.Phase), fmt.Sprintf("wave %d of %d", s.Wave+1, len(s.Waves))}
	if s.Phase == rollout.Baking {
		line = append(line, "watched until "+moment(&s.BakeUntil))
	}
	if s.Breach != "" {
		line = append(line, s.Breach)
	}
	p.note("%s", oneLine(strings.Join(line, ", ")))
	return nil
}

func rolloutFailure(err error) error {
	f := asFailure(err)
	switch fault.CodeOf(err) {
	case fault.Invalid:
		f.exit = ExitUsage
	case fault.Conflict:
		f.exit = ExitConflict
	}
	return f
}
