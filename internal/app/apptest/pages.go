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

// Patterns returns the patterns of all routes, such as "GET /search", that the rooms of pages
// below the folder dashboards name in their source, so that none can be left out of a test of them all.
func Patterns(t testing.TB, dashboards string) (patterns []string) {
	t.Helper()
	err := filepath.WalkDir(dashboards, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "api" { // it shows no pages
			return fs.SkipDir
		}
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
				if text == "GET " {
					t.Errorf("%s puts a pattern together: write it in one, so that this test finds it", path)
				}
				if method, path, ok := strings.Cut(text, " "); ok && strings.HasPrefix(path, "/") && strings.ToUpper(method) == method {
					patterns = append(patterns, text)
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

// PagePatterns returns the paths of those routes that show a page.
func PagePatterns(t testing.TB, dashboards string) (paths []string) {
	t.Helper()
	for _, pattern := range Patterns(t, dashboards) {
		if path, ok := strings.CutPrefix(pattern, "GET "); ok && isPage(path) {
			paths = append(paths, path)
		}
	}
	return paths
}

func isPage(path string) bool {
	switch path {
	case "/static/{file}", "/healthz", "/metrics", "/login/oidc", "/login/oidc/callback", "/findings/{id}/screenshot", "/views/{id}":
		return false
	}
	return true
}
