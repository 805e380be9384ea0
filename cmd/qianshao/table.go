package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/qianshao/qianshao/analyze/mask"
	"golang.org/x/text/width"
)

// maxCell bounds a table's cell, in terminal columns, so that a row stays a row.
const maxCell = 48

// tableWriter lays out rows of Chinese and Latin text; text/tabwriter counts
// a wide character as one column and gets Chinese tables wrong.
type tableWriter struct {
	w    io.Writer
	rows [][]string
}

func newTable(w io.Writer, header ...string) *tableWriter {
	return &tableWriter{w: w, rows: [][]string{header}}
}

func (t *tableWriter) row(cells ...string) {
	for i, cell := range cells[:len(cells)-1] { // the last one may be long
		cells[i] = clip(printable(cell), maxCell)
	}
	cells[len(cells)-1] = printable(cells[len(cells)-1])
	t.rows = append(t.rows, cells)
}

func (t *tableWriter) flush() error {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-columns(cell)+2))
			}
		}
		if _, err := fmt.Fprintln(t.w, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// printable keeps a hostile page from steering the terminal: control and
// invisible characters become spaces. Resident identity numbers are masked, as in
// a page's URL.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf) {
			return ' '
		}
		return r
	}, mask.String(s))
}

func clip(s string, limit int) string {
	used := 0
	for i, r := range s {
		if used += runeColumns(r); used > limit {
			return s[:i] + "…"
		}
	}
	return s
}

func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if unicode.Is(unicode.Mn, r) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// byCount returns the keys, most frequent first.
func byCount(counts map[string]int) []string {
	keys := slices.Collect(maps.Keys(counts))
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return keys
}

// counted writes a number of things: 1 page, 2 pages, 2 entries, 2 indexes. The
// noun is a regular one.
func counted[N int | int64](n N, noun string) string {
	plural := noun + "s"
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		plural = stem + "ies"
	} else if strings.HasSuffix(noun, "x") {
		plural = noun + "es"
	}
	if n == 1 {
		plural = noun
	}
	return strconv.FormatInt(int64(n), 10) + " " + plural
}
