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

// PagePatterns returns the paths of all routes that show a page, as the rooms register them:
// the first argument of each HandleFunc and Handle below the folder dashboards, save those of
// programs. So a page that is added cannot be left out of a test of all pages.
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
			if call, ok := n.(*ast.CallExpr); ok {
				if pattern, ok := routeOf(call); ok {
					patterns = append(patterns, pattern)
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
	return patterns
}

// routeOf is the path of a page that a call registers.
func routeOf(call *ast.CallExpr) (path string, ok bool) {
	function, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || function.Sel.Name != "HandleFunc" && function.Sel.Name != "Handle" || len(call.Args) == 0 {
		return "", false
	}
	literal, ok := call.Args[0].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	pattern, err := strconv.Unquote(literal.Value)
	if err != nil {
		return "", false
	}
	path, ok = strings.CutPrefix(pattern, "GET ")
	switch path {
	case "/static/{file}", "/healthz", "/metrics", "/login/oidc", "/login/oidc/callback", "/findings/{id}/screenshot": // no pages
		return "", false
	}
	return path, ok && !strings.HasPrefix(path, "/api/")
}
