package cli

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

var cellPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,38}[a-z0-9]$`)

var cellStates = []string{
	string(directory.CellProvisioning), string(directory.CellActive), string(directory.CellCordoned),
	string(directory.CellDraining), string(directory.CellRetired),
}

const cellHelp = `A cell serves its own part of the tenants and shares nothing with other cells.
New tenants are placed in active, healthy cells that have room. A cordoned cell
keeps serving what it has and gets no new tenants; so does a draining one, whose
tenants are to leave. A retired cell is gone for ever.`

func (p *program) cellCommand() *cobra.Command {
	cmd := group("cell", "Show, cordon, drain and retire cells, and begin new ones", cellHelp, `  cellctl cell ls -o wide
  cellctl cell show cell-a
  cellctl cell cordon cell-a`)
	cmd.AddCommand(p.cellLs(), p.cellShow(), p.cellCordon(), p.cellUncordon(), p.cellDrain(), p.cellUndrain(), p.cellRetire(), p.cellCapacity(), p.cellRestored(),
		p.cellScaffold(), p.cellOverlay(), p.cellSmoke())
	return cmd
}

func (p *program) cellLs() *cobra.Command {
	var state, region string
	limit := -1
	cmd := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List cells", Args: named(),
		Example: `  cellctl cell ls
  cellctl cell ls --region europe-west1 -o wide
  cellctl cell ls -o jsonl | jq -r 'select(.healthy | not) | .id'`,
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			params := &api.ListCellsParams{State: (*api.CellState)(optional(state)), Region: optional(region)}
			err = list(p, "cell", limit, cellColumns(p.opts.Now()), func(cursor string, size int) ([]api.Cell, string, error) {
				params.Cursor, params.Limit = optional(cursor), &size
				page, err := answer[api.CellPage](s.ListCells(cmd.Context(), params))
				return page.Cells, deref(page.NextCursor), err
			})
			return doing(err, "list cells")
		}),
	}
	cmd.Flags().Var(choice{&state, cellStates}, "state", "only cells in this state")
	cmd.Flags().StringVar(&region, "region", "", "only cells in this region")
	limitFlag(cmd, &limit)
	p.complete(cmd, "state", fixed(cellStates...))
	return cmd
}

func limitFlag(cmd *cobra.Command, limit *int) {
	cmd.Flags().Var(limitValue{limit}, "limit", "the most to show; 0 is all (default: 100 in tables, all in json and jsonl)")
}

// limitValue is a number that is not negative, or not given.
type limitValue struct{ n *int }

// String returns "" for the default.
func (v limitValue) String() string {
	if v.n == nil || *v.n < 0 {
		return ""
	}
	return strconv.Itoa(*v.n)
}

// Set takes a value from the command line.
func (v limitValue) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return fmt.Errorf("use a number from 0")
	}
	*v.n = n
	return nil
}

// Type names the value in help texts.
func (limitValue) Type() string { return "N" }

func cellColumns(now time.Time) []column[api.Cell] {
	return []column[api.Cell]{
		{title: "CELL", text: func(c api.Cell) string { return c.ID }},
		{title: "STATE", text: func(c api.Cell) string { return string(c.State) }, color: func(c api.Cell) color { return cellColor(c.State, true) }},
		{title: "HEALTH", text: healthWord, color: func(c api.Cell) color { return cellColor(directory.CellActive, c.Healthy) }},
		{title: "REGION", text: func(c api.Cell) string { return c.Region }},
		{title: "TIER", text: func(c api.Cell) string { return c.Tier }},
		{title: "TENANTS", text: func(c api.Cell) string { return strconv.Itoa(c.AssignedTenants) }},
		{title: "CAPACITY", text: func(c api.Cell) string { return strconv.Itoa(c.CapacityTenants) }},
		{title: "HEADROOM", text: func(c api.Cell) string { return percent(c.Headroom) }},
		{title: "CPU", wide: true, text: func(c api.Cell) string { return beat(c, func(h *api.LastHeartbeat) string { return percent(&h.CPU) }) }},
		{title: "REQ/S", wide: true, text: func(c api.Cell) string {
			return beat(c, func(h *api.LastHeartbeat) string { return fmt.Sprintf("%.1f", h.RequestsPerSecond) })
		}},
		{title: "LIMIT", wide: true, text: func(c api.Cell) string {
			if c.CapacityRequestsPerSecond == nil {
				return ""
			}
			return fmt.Sprintf("%.0f/s", *c.CapacityRequestsPerSecond)
		}},
		{title: "QUEUE", wide: true, text: func(c api.Cell) string {
			return beat(c, func(h *api.LastHeartbeat) string { return strconv.FormatInt(h.QueueDepth, 10) })
		}},
		{title: "HEARD", wide: true, text: func(c api.Cell) string {
			return beat(c, func(h *api.LastHeartbeat) string { return age(now, h.At) + " ago" })
		}},
		{title: "ENDPOINT", wide: true, text: func(c api.Cell) string { return c.Endpoint }},
		{title: "INTERNAL", wide: true, text: func(c api.Cell) string { return c.InternalEndpoint }},
		{title: "VERSION", wide: true, text: func(c api.Cell) string { return strconv.FormatUint(c.Version, 10) }},
	}
}

func healthWord(c api.Cell) string {
	if c.Healthy {
		return "ok"
	}
	if c.Heartbeat != nil && c.Heartbeat.Reconciling != nil && *c.Heartbeat.Reconciling {
		return "restored"
	}
	return "silent"
}

// beat is a figure of the last heartbeat, if there was one.
func beat(c api.Cell, figure func(*api.LastHeartbeat) string) string {
	if c.Heartbeat == nil {
		return ""
	}
	return figure(c.Heartbeat)
}

func percent(share *float64) string {
	if share == nil {
		return ""
	}
	return fmt.Sprintf("%.0f%%", *share*100)
}

func (p *program) cellShow() *cobra.Command {
	return &cobra.Command{
		Use: "show CELL", Short: "Show one cell", Args: named("CELL"), ValidArgsFunction: firstOnly(p.cellNames),
		Example: "  cellctl cell show cell-a\n  cellctl cell show cell-a -o json",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			c, err := s.cell(cmd.Context(), args[0])
			if err != nil {
				return doing(err, "show cell %s", args[0])
			}
			if p.flags.output.forPrograms() {
				return p.writeDocument(c)
			}
			return writeFields(p, cellFields(c, p.opts.Now()))
		}),
	}
}

// cell fetches a cell by name.
func (s *session) cell(ctx context.Context, name string) (api.Cell, error) {
	if !cellPattern.MatchString(name) {
		return api.Cell{}, misused("%q cannot be a cell's name", name).withHint("'cellctl cell ls' lists cells")
	}
	c, err := answer[api.Cell](s.GetCell(ctx, name))
	return c, hinting(err, fault.NotFound, "'cellctl cell ls' lists cells")
}

func cellFields(c api.Cell, now time.Time) []field {
	var fields []field
	titles := map[string]string{"CELL": "Cell", "CPU": "CPU", "REQ/S": "Requests/s"}
	for _, col := range cellColumns(now) {
		f := field{label: titles[col.title], value: col.text(c), wide: col.title == "VERSION"}
		if f.label == "" {
			f.label = col.title[:1] + strings.ToLower(col.title[1:])
		}
		if col.color != nil {
			f.color = col.color(c)
		}
		fields = append(fields, f)
	}
	return append(fields, field{label: "Registered", value: moment(&c.RegisteredAt)})
}
