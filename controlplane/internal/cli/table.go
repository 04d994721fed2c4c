package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// column is one column of a list of T.
type column[T any] struct {
	title string
	wide  bool // only with -o wide
	text  func(T) string
	color func(T) color // nil: none
}

// field is one line of the description of a single thing.
type field struct {
	label string
	value string
	wide  bool
	color color // "": none
}

// writeTable aligns items under their columns' titles. Lines are never wrapped
// or cut, and have no trailing blanks.
func writeTable[T any](p *program, columns []column[T], items []T) error {
	paint := p.painter(p.opts.StdoutTerminal)
	return aligned(p.opts.Stdout, func(w io.Writer) {
		var line []string
		for _, c := range columns {
			if p.shows(c.wide) {
				line = append(line, tinted(paint, c.color != nil, plain, c.title))
			}
		}
		fmt.Fprintln(w, strings.Join(line, "\t"))
		for _, item := range items {
			line = line[:0]
			for _, c := range columns {
				if !p.shows(c.wide) {
					continue
				}
				tone := plain
				if c.color != nil {
					tone = c.color(item)
				}
				line = append(line, tinted(paint, c.color != nil, tone, orDash(oneLine(c.text(item)))))
			}
			fmt.Fprintln(w, strings.Join(line, "\t"))
		}
	})
}

// writeFields aligns the description of one thing.
func writeFields(p *program, fields []field) error {
	paint := p.painter(p.opts.StdoutTerminal)
	return aligned(p.opts.Stdout, func(w io.Writer) {
		for _, f := range fields {
			if p.shows(f.wide) {
				fmt.Fprintln(w, f.label+"\t"+tinted(paint, f.color != "", f.color, orDash(oneLine(f.value))))
			}
		}
	})
}

func (p *program) shows(wide bool) bool { return !wide || p.flags.output == formatWide }

func tinted(paint func(color, string) string, colored bool, c color, s string) string {
	if !colored {
		return s
	}
	return paint(c, s)
}

// aligned collects tab-separated lines and writes them in one piece, so that a
// pager or a pipe never sees half a table.
func aligned(out io.Writer, fill func(io.Writer)) error {
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 8, 3, ' ', 0)
	fill(w)
	if err := w.Flush(); err != nil {
		return err
	}
	for line := range bytes.Lines(table.Bytes()) {
		if _, err := fmt.Fprintf(out, "%s\n", bytes.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}
