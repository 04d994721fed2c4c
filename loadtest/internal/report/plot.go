package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// Plot is a picture of lines, drawn as SVG.
type Plot struct {
	Title, X, Y string
	LogY        bool
	Nines       bool // X counts nines: 0 is the minimum, 1 is p90, 2 is p99
	Lines       []Line
	Marks       []Mark
}

// Line is one of a plot's; Class is its color.
type Line struct {
	Name, Class string
	Points      []Point
	Dots        bool // points that no line joins
}

// Point is in the plot's units.
type Point struct{ X, Y float64 }

// Mark is a vertical line with a name.
type Mark struct {
	X    float64
	Name string
}

const (
	width, height          = 760.0, 260.0
	left, right, top, foot = 64.0, 16.0, 16.0, 44.0
	yTicks                 = 5
)

func pow10(x float64) float64 { return math.Pow(10, x) }

// scale maps a plot's units to the picture.
type scale struct {
	maxX, minY, maxY float64
	log              bool
}

func (p *Plot) scale() scale {
	s := scale{log: p.LogY, minY: math.Inf(1)}
	for _, l := range p.Lines {
		for _, at := range l.Points {
			s.maxX, s.maxY = max(s.maxX, at.X), max(s.maxY, at.Y)
			if at.Y > 0 {
				s.minY = min(s.minY, at.Y)
			}
		}
	}
	if s.maxX == 0 {
		s.maxX = 1
	}
	if s.maxY == 0 {
		s.maxY, s.minY = 1, 0.1
	}
	if s.log {
		s.minY, s.maxY = pow10(math.Floor(math.Log10(s.minY))), pow10(math.Ceil(math.Log10(s.maxY)))
		if s.minY == s.maxY {
			s.maxY *= 10
		}
	} else {
		s.minY, s.maxY = 0, s.maxY*1.05
	}
	return s
}

func (s scale) x(v float64) float64 { return left + v/s.maxX*(width-left-right) }

func (s scale) y(v float64) float64 {
	share := v / s.maxY
	if s.log {
		share = (math.Log10(max(v, s.minY)) - math.Log10(s.minY)) / (math.Log10(s.maxY) - math.Log10(s.minY))
	}
	return height - foot - share*(height-top-foot)
}

// SVG draws the plot. All of its text is escaped.
func (p Plot) SVG() template.HTML {
	s := p.scale()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, width, height, template.HTMLEscapeString(p.Title))
	p.axes(&b, s)
	for _, m := range p.Marks {
		if m.X <= s.maxX {
			fmt.Fprintf(&b, `<line class="mark" x1="%.1f" x2="%.1f" y1="%g" y2="%g"/><text class="mark" x="%.1f" y="%g">%s</text>`,
				s.x(m.X), s.x(m.X), top, height-foot, s.x(m.X)+3, top+8, template.HTMLEscapeString(m.Name))
		}
	}
	for _, l := range p.Lines {
		l.draw(&b, s)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // G203: numbers, our own classes, and escaped names
}

func (l *Line) draw(b *strings.Builder, s scale) {
	if l.Dots {
		for _, at := range l.Points {
			fmt.Fprintf(b, `<circle class="%s" cx="%.1f" cy="%.1f" r="3"/>`, l.Class, s.x(at.X), s.y(at.Y))
		}
		return
	}
	fmt.Fprintf(b, `<polyline class="%s" points="`, l.Class)
	for _, at := range l.Points {
		fmt.Fprintf(b, "%.1f,%.1f ", s.x(at.X), s.y(at.Y))
	}
	b.WriteString(`"/>`)
}

func (p *Plot) axes(b *strings.Builder, s scale) {
	for _, y := range s.ticksY() {
		fmt.Fprintf(b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="y" x="%g" y="%.1f">%s</text>`,
			left, width-right, s.y(y), s.y(y), left-6, s.y(y)+4, number(y))
	}
	for _, x := range s.ticksX(p.Nines) {
		name := number(x)
		if p.Nines {
			name = nines(x)
		}
		fmt.Fprintf(b, `<text class="x" x="%.1f" y="%g">%s</text>`, s.x(x), height-foot+16, name)
	}
	fmt.Fprintf(b, `<text class="x" x="%g" y="%g">%s</text>`, (left+width-right)/2, height-8, template.HTMLEscapeString(p.X))
	fmt.Fprintf(b, `<text class="x" transform="translate(12 %g) rotate(-90)">%s</text>`, (top+height-foot)/2, template.HTMLEscapeString(p.Y))
}

func (s scale) ticksY() (all []float64) {
	if s.log {
		for y := s.minY; y <= s.maxY*1.001; y *= 10 {
			all = append(all, y)
		}
		return all
	}
	step := round(s.maxY / yTicks)
	for y := 0.0; y <= s.maxY; y += step {
		all = append(all, y)
	}
	return all
}

func (s scale) ticksX(nines bool) (all []float64) {
	const ticks = 8
	step := round(s.maxX / ticks)
	if nines {
		step = 1
	}
	for x := 0.0; x <= s.maxX*1.001; x += step {
		all = append(all, x)
	}
	return all
}

// round is the next of 1, 2, 5, 10 … upwards.
func round(x float64) float64 {
	base := pow10(math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5} {
		if m*base >= x*0.999 {
			return m * base
		}
	}
	return 10 * base
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

// nines names a percentile by its number of nines.
func nines(x float64) string {
	if x == 0 {
		return "min"
	}
	return "p" + strconv.FormatFloat(100*(1-pow10(-x)), 'g', 7, 64)
}
