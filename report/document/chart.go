package document

import (
	"math"

	"github.com/qianshao/qianshao"
)

// Chart is a chart, as values. Charts use shades and patterns that can be distinguished in grey, and a
// table beside them has the same numbers.
type Chart struct {
	// Title names it, Alt describes it for those who cannot see it.
	Title, Alt string
	Series     []Series
	Groups     []Group
	// Stacked charts have a column for each group, with one piece for each series; other charts have rows,
	// with a bar for each series.
	Stacked bool
}

// Series is the meaning of the bars with one look.
type Series struct{ Name, Look string }

// Group is a place on the axis, with a value for each series.
type Group struct {
	Name   string
	Values []int
}

func (g *Group) sum() (n int) {
	for _, v := range g.Values {
		n += v
	}
	return n
}

// most is the greatest value drawn.
func (c *Chart) most() (most int) {
	for i := range c.Groups {
		if c.Stacked {
			most = max(most, c.Groups[i].sum())
			continue
		}
		for _, v := range c.Groups[i].Values {
			most = max(most, v)
		}
	}
	return most
}

// maxColumns is up to how many days each have a column: those of a month. Longer periods are shown by week.
const maxColumns = 31

// span is a day or a week of the report.
type span struct {
	name                           string
	found, crime, notCrime, unsure int
	byLevel                        map[string]int
}

// spans returns the days or weeks of the report.
func (m *maker) spans() []span {
	step := 1
	if len(m.r.Volume.Days) > maxColumns {
		step = 7
	}
	var list []span
	for i := range m.r.Volume.Days {
		d := &m.r.Volume.Days[i]
		if i%step == 0 {
			list = append(list, span{name: d.At.In(m.zone).Format("01-02"), byLevel: map[string]int{}})
		}
		s := &list[len(list)-1]
		s.found, s.crime, s.notCrime, s.unsure = s.found+d.Found, s.crime+d.Crime, s.notCrime+d.NotCrime, s.unsure+d.Unsure
		for level, n := range d.ByLevel {
			s.byLevel[level] += n
		}
	}
	return list
}

// levels are the levels of the report's findings, highest first.
func (m *maker) levels() (list []string) {
	for l := qianshao.LevelCritical; l >= qianshao.LevelInformational; l-- {
		for _, c := range m.r.Volume.ByLevel {
			if c.Value == l.String() && c.Findings > 0 {
				list = append(list, l.String())
			}
		}
	}
	return list
}

// daysTitle is a title that ends with "day" or "week".
func (m *maker) daysTitle(key string, spans []span) string {
	if len(spans) < len(m.r.Volume.Days) {
		return m.t(key + "week")
	}
	return m.t(key + "day")
}

func (m *maker) daysChart(spans []span) Chart {
	c := Chart{Title: m.daysTitle("chart.", spans), Stacked: true}
	levels := m.levels()
	for _, l := range levels {
		c.Series = append(c.Series, Series{m.Named("level.", l), l})
	}
	most, when := 0, ""
	for i := range spans {
		g := Group{Name: spans[i].name}
		for _, l := range levels {
			g.Values = append(g.Values, spans[i].byLevel[l])
		}
		if spans[i].found > most {
			most, when = spans[i].found, spans[i].name
		}
		c.Groups = append(c.Groups, g)
	}
	c.Alt = m.t("chart.days", c.Title, grouped(m.r.Volume.Findings), when, grouped(most))
	return c
}

func (m *maker) categoriesChart() Chart {
	c := Chart{Title: m.t("chart.categories"), Series: []Series{{m.t("column.now"), "now"}, {m.t("column.before"), "before"}}}
	for _, x := range m.r.Volume.ByCategory {
		c.Groups = append(c.Groups, Group{m.category(x.Value), []int{x.Findings, x.Before}})
	}
	c.Alt = m.t("chart.alt", c.Title, m.mostly())
	return c
}

// daysTable has the chart's numbers, and the decisions of each day or week.
func (m *maker) daysTable(spans []span) Table {
	key := "day"
	if len(spans) < len(m.r.Volume.Days) {
		key = "week"
	}
	t := Table{Title: m.daysTitle("by.", spans), Columns: m.columns("*"+key, "#found")}
	levels := m.levels()
	for _, l := range levels {
		t.Columns = append(t.Columns, Column{Name: m.Named("level.", l), Number: true})
	}
	t.Columns = append(t.Columns, m.columns("#crime", "#not_crime", "#unsure")...)
	for i := range spans {
		s := &spans[i]
		row := []Cell{text(s.name), number(s.found)}
		for _, l := range levels {
			row = append(row, number(s.byLevel[l]))
		}
		t.Rows = append(t.Rows, append(row, number(s.crime), number(s.notCrime), number(s.unsure)))
	}
	return t
}

// drawing is a chart with its bars and words positioned, in units of about a pixel.
type drawing struct {
	*Chart
	Width, Height float64
	Bars          []bar
	Lines         []line
	Words         []words
}

type bar struct {
	X, Y, Width, Height float64
	Look                string
}

type line struct{ X1, Y1, X2, Y2 float64 }

type words struct {
	X, Y         float64
	Anchor, Text string
}

// Sizes of a drawing.
const (
	drawnWidth = 720
	axisWidth  = 52  // for the numbers on the left
	axisHeight = 22  // for the names below
	edgeWidth  = 16  // on the right, for half a name
	plotHeight = 190 // for the columns
	rowHeight  = 34  // for a group of bars
	nameWidth  = 176 // for the names on the left of bars
	maxNames   = 16  // below columns: more would overlap
)

// Draw positions the bars, for the template.
func (c *Chart) Draw() *drawing { //nolint:revive // called by templates only
	if c.Stacked {
		return c.drawColumns()
	}
	return c.drawRows()
}

// drawColumns draws a column for each group.
func (c *Chart) drawColumns() *drawing {
	const top = 16
	d := &drawing{Chart: c, Width: drawnWidth, Height: top + plotHeight + axisHeight}
	step, ceiling := ticks(c.most())
	y := func(n int) float64 { return round(top + plotHeight - plotHeight*float64(n)/float64(ceiling)) }
	for n := 0; n <= ceiling; n += step {
		d.Lines = append(d.Lines, line{axisWidth, y(n), drawnWidth, y(n)})
		d.Words = append(d.Words, words{axisWidth - 6, y(n) + 4, "end", grouped(n)})
	}
	wide := float64(drawnWidth-axisWidth-edgeWidth) / float64(len(c.Groups))
	every := (len(c.Groups) + maxNames - 1) / maxNames
	for i := range c.Groups {
		g := &c.Groups[i]
		left, sum := axisWidth+wide*float64(i), 0
		for j, n := range g.Values {
			if n > 0 {
				d.Bars = append(d.Bars, bar{round(left + wide*.18), y(sum + n), round(wide * .64), round(y(sum) - y(sum+n)), c.Series[j].Look})
			}
			sum += n
		}
		if sum > 0 && wide >= 36 {
			d.Words = append(d.Words, words{round(left + wide/2), y(sum) - 4, "middle", grouped(sum)})
		}
		if i%every == 0 {
			d.Words = append(d.Words, words{round(left + wide/2), top + plotHeight + 16, "middle", g.Name})
		}
	}
	return d
}

// drawRows draws a bar for each series of each group.
func (c *Chart) drawRows() *drawing {
	d := &drawing{Chart: c, Width: drawnWidth, Height: float64(rowHeight*len(c.Groups)) + 4}
	const room = drawnWidth - nameWidth - 70 // the room for bars, with numbers after them
	most := c.most()
	for i := range c.Groups {
		top := float64(rowHeight * i)
		d.Words = append(d.Words, words{nameWidth - 8, top + 20, "end", c.Groups[i].Name})
		for j, n := range c.Groups[i].Values {
			wide, y := round(room*float64(n)/float64(most)), top+4+float64(j*13)
			if n > 0 {
				d.Bars = append(d.Bars, bar{nameWidth, y, max(wide, 1), 11, c.Series[j].Look})
			}
			d.Words = append(d.Words, words{nameWidth + wide + 6, y + 10, "start", grouped(n)})
		}
	}
	d.Lines = []line{{nameWidth, 0, nameWidth, d.Height}}
	return d
}

// ticks returns a step of 1, 2 or 5 times a power of ten, and the end of the axis after at most five steps.
func ticks(most int) (step, ceiling int) {
	step = 1
	for i := 0; most > step*5; i++ {
		step = []int{1, 2, 5}[(i+1)%3] * int(math.Pow10((i+1)/3))
	}
	return step, max(1, (most+step-1)/step) * step
}

func round(f float64) float64 { return math.Round(f*10) / 10 }
