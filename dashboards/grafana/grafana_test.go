package grafana_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/dashboards/grafana"
)

var update = flag.Bool("update", false, "rewrite the boards' files")

// TestFiles checks that the board files match their source; with -update it writes them.
func TestFiles(t *testing.T) {
	shipped := map[string]bool{}
	for _, b := range grafana.Boards() {
		name := b.Name + ".json"
		shipped[name] = true
		want, err := b.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from its source (%v): go test ./dashboards/grafana -update", name, err)
		}
	}
	files, err := filepath.Glob("*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if !shipped[name] {
			t.Errorf("%s has no source", name)
		}
	}
}

// TestBoards: every panel has a description, none overlap on the grid, and their queries select the
// chosen processes.
func TestBoards(t *testing.T) {
	for _, b := range grafana.Boards() {
		taken, titles := map[[2]int]string{}, map[string]bool{}
		for i, p := range b.Panels {
			where := b.Name + ", " + p.Title
			if p.ID != i+1 || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 {
				t.Errorf("%s: id %d, x %d, width %d", where, p.ID, p.GridPos.X, p.GridPos.W)
			}
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					if other := taken[[2]int{x, y}]; other != "" {
						t.Errorf("%s overlaps %s", where, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
			if p.Type == "row" {
				titles = map[string]bool{}
				continue
			}
			if titles[p.Title] {
				t.Errorf("%s appears twice under one heading", where)
			}
			titles[p.Title] = true
			if p.Description == "" || len(p.Targets) == 0 || p.FieldConfig.Defaults.Unit == "" {
				t.Errorf("%s: description %q, %d queries, unit %q", where, p.Description, len(p.Targets), p.FieldConfig.Defaults.Unit)
			}
			for _, target := range p.Targets {
				if !strings.Contains(target.Expr, `job=~"$job", instance=~"$instance"`) || strings.Contains(target.Expr, "$s") {
					t.Errorf("%s does not query the chosen processes: %s", where, target.Expr)
				}
				if target.Datasource.UID != "${datasource}" {
					t.Errorf("%s queries the data source %s", where, target.Datasource.UID)
				}
			}
		}
	}
}
