package docs_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the picture of the house in design.md anew")

const module = "github.com/qianshao/qianshao"

// parts are the rooms within rooms that the picture shows by themselves: the engines, what
// joins the rest, and what of the dashboards others use, too.
var parts = []string{
	"dashboards/metrics", "dashboards/selection",
	"index/bleveindex", "index/opensearchindex", "store/sqlite", "store/postgres", "store/sqlstore", "evidence/bucket",
	"internal/app", "internal/datafolder", "internal/pipeline", "internal/backends",
}

// roomOf returns the room of a package by its folder: "" for small ones below internal, which
// any room may use, for tools, and for the vocabulary at the root.
func roomOf(folder string) string {
	for _, e := range parts {
		if folder == e || strings.HasPrefix(folder, e+"/") {
			return e
		}
	}
	first, _, _ := strings.Cut(folder, "/")
	if first == "." || first == "internal" || first == "docs" || first == "locales" || strings.HasPrefix(first, ".") {
		return ""
	}
	return first
}

// TestHouse holds the picture of docs/design.md to what the rooms import.
func TestHouse(t *testing.T) {
	const from, to = "<!-- house: go test ./docs -run TestHouse -update -->\n", "<!-- end of house -->"
	design := read(t, "docs/design.md")
	before, rest, ok := strings.Cut(design, from)
	_, after, whole := strings.Cut(rest, to)
	if !ok || !whole {
		t.Fatalf("docs/design.md has no place for the picture: %q, %q", from, to)
	}
	want := before + from + "```mermaid\n" + house(arrows(t)) + "```\n" + to + after
	if design == want {
		return
	}
	if !*update {
		t.Fatal("the picture of the house in docs/design.md is not what the rooms import; write it anew with: go test ./docs -run TestHouse -update")
	}
	if err := os.WriteFile(filepath.Join(root, "docs/design.md"), []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// arrows returns which rooms each room imports, tests left out.
func arrows(t *testing.T) map[string]map[string]bool {
	t.Helper()
	arrows := map[string]map[string]bool{}
	eachFile(t, func(name string, imports []string) {
		folder, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			t.Fatal(err)
		}
		folder = filepath.ToSlash(folder)
		room := roomOf(folder)
		if room == "" || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(folder, "test") || strings.Contains(folder, "testdata") {
			return
		}
		if arrows[room] == nil {
			arrows[room] = map[string]bool{}
		}
		for _, path := range imports {
			folder, ours := strings.CutPrefix(path, module+"/")
			if other := roomOf(folder); ours && other != "" && other != room {
				arrows[room][other] = true
			}
		}
	})
	for room := range arrows {
		if leads(arrows, room, room) {
			t.Errorf("arrows lead from %s back to it", room)
		}
	}
	return arrows
}

// house draws the rooms. An arrow that others on the way say as well is left out.
func house(arrows map[string]map[string]bool) string {
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	id := strings.NewReplacer("/", "_")
	for _, room := range slices.Sorted(maps.Keys(arrows)) {
		fmt.Fprintf(&b, "  %s[%s]\n", id.Replace(room), room)
	}
	for _, room := range slices.Sorted(maps.Keys(arrows)) {
		for _, other := range slices.Sorted(maps.Keys(arrows[room])) {
			if !leads(arrows, room, other) {
				fmt.Fprintf(&b, "  %s --> %s\n", id.Replace(room), id.Replace(other))
			}
		}
	}
	return b.String()
}

// leads says whether a way of more than one arrow leads from a room to another.
func leads(arrows map[string]map[string]bool, from, to string) bool {
	seen := map[string]bool{}
	var walk func(at string, first bool) bool
	walk = func(at string, first bool) bool {
		for next := range arrows[at] {
			if next == to && !first {
				return true
			}
			if next != to && !seen[next] {
				seen[next] = true
				if walk(next, false) {
					return true
				}
			}
		}
		return false
	}
	return walk(from, true)
}
