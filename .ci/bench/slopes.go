package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"time"
)

// steepest is the slope above which a cost counts as growing faster than its work. It leaves some
// room for the logarithms of sorting, and for memory that no longer fits into the caches.
const steepest = 1.1

// series is the cost of some work at growing sizes.
type series struct {
	name   string
	points []point
}

// point is the CPU time for work of a size.
type point struct {
	size float64
	cpu  time.Duration
}

// slope returns the slope of the line that best fits the logarithms of sizes and costs, by least
// squares. It is 1 if the cost is proportional to the size.
func (s series) slope() float64 {
	var x, y, xy, xx float64
	n := float64(len(s.points))
	for _, p := range s.points {
		lx, ly := math.Log(p.size), math.Log(p.cpu.Seconds())
		x, y, xy, xx = x+lx/n, y+ly/n, xy+lx*ly/n, xx+lx*lx/n
	}
	return (xy - x*y) / (xx - x*x)
}

// last returns the slope of the last step.
func (s series) last() float64 { return series{points: s.points[len(s.points)-2:]}.slope() }

// panel is several series with the same sizes.
type panel struct {
	title, unit string
	series      []series
}

const (
	plotFile = "docs/images/slopes.svg"
	docFile  = "docs/performance.md"
	mark     = "slopes"
)

// slopes measures cost against work, and fails if a cost grows faster than its work.
func slopes(arguments []string) error {
	flags := flag.NewFlagSet("slopes", flag.ContinueOnError)
	write := flags.Bool("write", false, "write the table into "+docFile+" and the plot to "+plotFile)
	findings := flags.Int("findings", 1_000_000, "the most findings; a million take some minutes")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	began := cpuTime()
	var panels []panel
	for _, measure := range []func() (panel, error){pageSlopes, termSlopes, func() (panel, error) { return findingSlopes(*findings) }, hostSlopes} {
		p, err := measure()
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s: done after %.0f s of CPU\n", p.title, (cpuTime() - began).Seconds())
		panels = append(panels, p)
	}
	table := slopeTable(panels)
	fmt.Print(table)
	if *write {
		if err := errors.Join(os.WriteFile(plotFile, []byte(plot(panels)), 0o644), writeMarked(docFile, mark, table)); err != nil {
			return err
		}
	}
	return tooSteep(panels)
}

func slopeTable(panels []panel) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s by %s on %d processors, a load of %s at the end. CPU of the process; in bold what is above %.1f.\n\n",
		time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.NumCPU(), load(), steepest)
	b.WriteString("| work | from | to | CPU at the least | at the most | slope | last step |\n|---|---|---|---|---|---|---|\n")
	for _, p := range panels {
		for _, s := range p.series {
			first, last := s.points[0], s.points[len(s.points)-1]
			fmt.Fprintf(&b, "| %s: %s | %s | %s %s | %s | %s | %s | %s |\n", p.title, s.name, short(first.size), short(last.size), p.unit,
				inSeconds(first.cpu), inSeconds(last.cpu), emphasised(s.slope()), emphasised(s.last()))
		}
	}
	return b.String()
}

func emphasised(slope float64) string {
	if slope > steepest {
		return fmt.Sprintf("**%.2f**", slope)
	}
	return fmt.Sprintf("%.2f", slope)
}

// short is 10k for 10,000.
func short(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%gM", n/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%gk", n/1e3)
	}
	return fmt.Sprintf("%g", n)
}

func inSeconds(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.3g s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.3g ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.3g µs", d.Seconds()*1e6)
}

func tooSteep(panels []panel) error {
	var errs []error
	for _, p := range panels {
		for _, s := range p.series {
			if slope := s.slope(); slope > steepest {
				errs = append(errs, fmt.Errorf("%s: %s grows with the power of %.2f, above %.1f", p.title, s.name, slope, steepest))
			}
		}
	}
	return errors.Join(errs...)
}

// writeMarked puts text between <!-- name --> and <!-- /name --> of a file.
func writeMarked(file, name, text string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(content), "<!-- "+name+" -->\n")
	_, after, closed := strings.Cut(rest, "<!-- /"+name+" -->")
	if !found || !closed {
		return fmt.Errorf("%s has no place for the table: <!-- %s --> … <!-- /%s -->", file, name, name)
	}
	return os.WriteFile(file, []byte(before+"<!-- "+name+" -->\n"+text+"<!-- /"+name+" -->"+after), 0o644)
}
