package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// grown is a series with a cost that grows with a power of its size.
func grown(name string, power float64) series {
	s := series{name: name}
	for _, size := range []float64{1e3, 1e4, 1e5, 1e6} {
		s.points = append(s.points, point{size, time.Duration(1e6 * math.Pow(size/1e3, power))})
	}
	return s
}

func TestSlope(t *testing.T) {
	for _, power := range []float64{0.3, 1, 1.5} {
		if s := grown("a", power); math.Abs(s.slope()-power) > 0.01 || math.Abs(s.last()-power) > 0.01 {
			t.Errorf("power %.1f: slope %.3f, last step %.3f", power, s.slope(), s.last())
		}
	}
	panels := []panel{{"a page", "bytes", []series{grown("flat", 1), grown("steep", 1.5)}}}
	if err := tooSteep(panels); err == nil || !strings.Contains(err.Error(), "a page: steep grows with the power of 1.50") || strings.Contains(err.Error(), "flat") {
		t.Error(err)
	}
	if table := slopeTable(panels); !strings.Contains(table, "| a page: flat | 1k | 1M bytes | 1 ms | 1 s | 1.00 | 1.00 |") || !strings.Contains(table, "| **1.50** |") {
		t.Error(table)
	}
}

func TestPlot(t *testing.T) {
	svg := plot([]panel{{"pages <of> one kind", "bytes", []series{grown("a", 1), grown("b", 0.2)}}, {"terms", "terms", []series{grown("c", 1)}}})
	if strings.Count(svg, "<polyline") != 3 || strings.Count(svg, "slope ") != 3 {
		t.Error("not three lines, or not with their slopes")
	}
	for decoder := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTakeTurns(t *testing.T) {
	var order strings.Builder
	side := func(name string, value float64) func() (float64, error) {
		return func() (float64, error) { order.WriteString(name); return value, nil }
	}
	results, err := takeTurns([]func() (float64, error){side("a", 6), side("b", 2)})
	if err != nil || order.String() != "abbaabbaab" {
		t.Errorf("order %s, error %v", order.String(), err)
	}
	if r := ratios(results[0], results[1], func(v float64) float64 { return v }); r.median != 3 || r.times() != "3× (3–3)" {
		t.Error(r.times())
	}
	failed := errors.New("failed")
	if _, err := takeTurns([]func() (float64, error){func() (float64, error) { return 0, failed }}); !errors.Is(err, failed) {
		t.Error(err)
	}
}

func TestWriteMarked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.md")
	if err := os.WriteFile(file, []byte("a\n<!-- slopes -->\nold\n<!-- /slopes -->\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeMarked(file, "slopes", "new\n"); err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(file); string(content) != "a\n<!-- slopes -->\nnew\n<!-- /slopes -->\nb\n" {
		t.Errorf("%s", content)
	}
	if err := writeMarked(file, "costs", "new\n"); err == nil {
		t.Error("no mark, no error")
	}
}

// TestShippedTerms: peers get the terms that the rules look for.
func TestShippedTerms(t *testing.T) {
	terms, err := shippedTerms()
	if err != nil || len(terms) < 1000 {
		t.Errorf("%d terms, error %v", len(terms), err)
	}
}

func TestBenchRow(t *testing.T) {
	const output = "goos: linux\nBenchmarkPage/findings=100000/page=1-2 \t      30\t         6.100 cpu-ms/op\t         0.0400 of-bleve/op\n" +
		"BenchmarkPage/findings=100000/phrase-2 \t      30\t         7.000 cpu-ms/op\nPASS\n"
	row := benchRow{"page=1", "search page", "bleve", []string{"of-bleve/op", "cpu-ms/op"}}
	if text, err := row.of(output); err != nil || text != "| search page | bleve | 0.0400 of-bleve/op, 6.100 cpu-ms/op | |" {
		t.Error(text, err)
	}
	for _, bad := range []benchRow{{"phrase", "", "", []string{"of-bleve/op"}}, {"fielded", "", "", nil}} {
		if text, err := bad.of(output); err == nil {
			t.Errorf("%s: %s", bad.line, text)
		}
	}
}

// TestGeneratedPages: a checkout without labelled pages measures pages of all kinds.
func TestGeneratedPages(t *testing.T) {
	folders, err := generatedPages(t.TempDir())
	if err != nil || len(folders) != 3 {
		t.Fatal(folders, err)
	}
	for i, least := range []int{31, 40, 40} {
		pages, err := readPages(folders[i])
		if err != nil || len(pages) != least {
			t.Errorf("%v: %d pages, error %v", folders[i], len(pages), err)
		}
		for _, p := range pages {
			if len(p.body) < leastPage {
				t.Errorf("%s has %d bytes", p.name, len(p.body))
			}
		}
	}
	if _, err := readPages([]string{t.TempDir()}); err == nil {
		t.Error("an empty folder gave no error")
	}
}
