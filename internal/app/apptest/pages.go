package apptest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// PagePatterns returns the paths of all routes that show a page, as the rooms below the folder
// dashboards register them: what begins with "GET /" there, save what is for programs. So a
// page that is added cannot be left out of a test of all pages.
func PagePatterns(t testing.TB, dashboards string) (patterns []string) {
	t.Helper()
	err := filepath.WalkDir(dashboards, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, _ := strconv.Unquote(literal.Value) // a file that is parsed has no others
				if path, ok := strings.CutPrefix(text, "GET "); ok && isPage(path) {
					patterns = append(patterns, path)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(patterns)
	return slices.Compact(patterns)
}

func isPage(path string) bool {
	switch path {
	case "/static/{file}", "/healthz", "/metrics", "/login/oidc", "/login/oidc/callback", "/findings/{id}/screenshot":
		return false
	}
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/api/")
}
