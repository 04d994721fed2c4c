package cli

import "github.com/coditect/platform/shared/directory"

// color is an SGR parameter. All have two digits, so that painted cells of one
// column grow by the same width and a table stays aligned.
type color string

const (
	plain  color = "39"
	red    color = "31"
	green  color = "32"
	yellow color = "33"
)

// painter returns a function that colors text, or leaves it alone where colors
// are not wanted.
func (p *program) painter(terminal bool) func(color, string) string {
	if !terminal || p.opts.NoColor || p.flags.noColor {
		return func(_ color, s string) string { return s }
	}
	return func(c color, s string) string { return "\x1b[" + string(c) + "m" + s + "\x1b[0m" }
}

func tenantColor(s directory.State) color {
	switch s {
	case directory.Active:
		return green
	case directory.Suspended, directory.Provisioning:
		return yellow
	case directory.Deleting, directory.Deleted:
		return red
	}
	return plain
}

func cellColor(s directory.CellState, healthy bool) color {
	switch {
	case !healthy:
		return red
	case s == directory.CellActive:
		return green
	}
	return yellow
}
