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

// Patterns returns the patterns of all routes, such as "GET /search", in the source of the packages of
// pages below the folder dashboards, so that a test of all pages cannot miss one.
func Patterns(t testing.TB, dashboards string) (patterns []string) {
	t.Helper()
	err := filepath.WalkDir(dashboards, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "api" { // it has no pages
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
				text, _ := strconv.Unquote(literal.Value) // cannot fail for a literal that was parsed
				if text == "GET " {
					t.Errorf("%s composes a pattern: write it as one literal, so that this test finds it", path)
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
