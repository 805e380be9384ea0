package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Sizes in the plot, in pixels: two by two panels, each with a margin for its labels.
const (
	panelWidth, panelHeight = 400, 330
	marginLeft, marginTop   = 58, 34
	marginRight             = 14
	legendLine              = 15
	plotHeight              = 170
)

// plot draws the panels, each with two logarithmic axes. A cost that is proportional to its work is
// as steep as the dotted line.
func plot(panels []panel) string {
	var b strings.Builder
	rows := (len(panels) + 1) / 2
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="11">
<title>CPU against work, both axes logarithmic</title>
<style>
svg { --ink: #1f2328; --grid: #d0d7de; --a: #0969da; --b: #bc4c00; --c: #1a7f37; --d: #8250df; --e: #bf3989; background: #ffffff }
@media (prefers-color-scheme: dark) { svg { --ink: #e6edf3; --grid: #3d444d; --a: #58a6ff; --b: #ffa657; --c: #56d364; --d: #d2a8ff; --e: #ff9bce; background: #0d1117 } }
text { fill: var(--ink) } .grid { stroke: var(--grid) } .one { stroke: var(--ink); stroke-dasharray: 2 4 } polyline { fill: none; stroke-width: 2 }
</style>
`, 2*panelWidth, rows*panelHeight)
	for i, p := range panels {
		fmt.Fprintf(&b, `<g transform="translate(%d %d)">`+"\n", i%2*panelWidth, i/2*panelHeight)
		p.draw(&b)
		b.WriteString("</g>\n")
	}
	return b.String() + "</svg>\n"
}

// scale places a value on an axis in pixels that spans whole powers of ten.
type scale struct{ low, high, from, to float64 }

func newScale(least, most, from, to float64) scale {
	return scale{math.Floor(math.Log10(least)), math.Ceil(math.Log10(most)), from, to}
}

func (s scale) place(v float64) float64 {
	return s.from + (math.Log10(v)-s.low)/(s.high-s.low)*(s.to-s.from)
}

func (p panel) draw(b *strings.Builder) {
	least, most := p.series[0].points[0], p.series[0].points[0]
	for _, s := range p.series {
		for _, q := range s.points {
			least.size, most.size = min(least.size, q.size), max(most.size, q.size)
			least.cpu, most.cpu = min(least.cpu, q.cpu), max(most.cpu, q.cpu)
		}
	}
	x := newScale(least.size, most.size, marginLeft, panelWidth-marginRight)
	y := newScale(least.cpu.Seconds(), most.cpu.Seconds(), marginTop+plotHeight, marginTop)
	fmt.Fprintf(b, `<text x="%d" y="20" font-size="13" font-weight="600">%s: seconds of CPU against %s</text>`+"\n", marginLeft, html.EscapeString(p.title), html.EscapeString(p.unit))
	for power := x.low; power <= x.high; power++ {
		at := x.place(math.Pow(10, power))
		fmt.Fprintf(b, `<path class="grid" d="M%.1f %d V%d"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", at, marginTop, marginTop+plotHeight, at, marginTop+plotHeight+15, short(math.Pow(10, power)))
	}
	for power := y.low; power <= y.high; power++ {
		at := y.place(math.Pow(10, power))
		fmt.Fprintf(b, `<path class="grid" d="M%d %.1f H%d"/><text x="%d" y="%.1f" text-anchor="end">%g</text>`+"\n", marginLeft, at, panelWidth-marginRight, marginLeft-6, at+4, math.Pow(10, power))
	}
	// A line of slope 1 from the corner, cut off at the edge of the panel.
	begin, decades := math.Pow(10, y.low), min(x.high-x.low, y.high-y.low)
	fmt.Fprintf(b, `<path class="one" d="M%.1f %.1f L%.1f %.1f"/>`+"\n", x.from, y.place(begin), x.place(math.Pow(10, x.low+decades)), y.place(math.Pow(10, y.low+decades)))
	for i, s := range p.series {
		colour := fmt.Sprintf("var(--%c)", 'a'+i%5)
		var line strings.Builder
		for _, q := range s.points {
			fmt.Fprintf(&line, "%.1f,%.1f ", x.place(q.size), y.place(q.cpu.Seconds()))
		}
		fmt.Fprintf(b, `<polyline style="stroke: %s" points="%s"/>`+"\n", colour, strings.TrimSpace(line.String()))
		at := marginTop + plotHeight + 36 + i*legendLine
		fmt.Fprintf(b, `<path style="stroke: %s" stroke-width="3" d="M%d %d h18"/><text x="%d" y="%d">%s: slope %.2f</text>`+"\n", colour, marginLeft, at-4, marginLeft+26, at, html.EscapeString(s.name), s.slope())
	}
}
