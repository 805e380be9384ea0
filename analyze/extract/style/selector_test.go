package style

import (
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"github.com/qianshao/qianshao/analyze/extract/css"
	"github.com/qianshao/qianshao/analyze/extract/tree"
	"golang.org/x/net/html"
)

// TestSelectorsAgainstCascadia compares our matcher with cascadia. The elements have their number
// as attribute n, and the page is well formed, so that both get the same tree.
func TestSelectorsAgainstCascadia(t *testing.T) {
	const page = `<html><head></head><body n="0"><div n="1" id="main" class="a b"><p n="2">x</p><p n="3" class="b">y</p>` +
		`<ul n="4" class="menu on"><li n="5" class="first"><a n="6" href="http://a.example/x.html">1</a></li><li n="7"><a n="8" title="t u">2</a></li><li n="9" lang="zh-CN"><span n="10">3</span></li></ul></div>` +
		`<div n="11" class="b c"><div n="12"><div n="13"><p n="14" id="deep">z</p></div></div><h2 n="15">h</h2><p n="16" class="a">q</p></div></body></html>`
	selectors := []string{
		"*", "p", "P", "div p", "div > p", "div p.b", "#main", "#main p", ".a", ".a.b", ".b.a", "div.b > div", "ul.menu li a",
		"li:first-child", "li:last-child", "li:nth-child(2)", "li:nth-child(odd)", "li:nth-child(2n)", "li:nth-child(-n+2)", "p:nth-of-type(2)",
		"p:first-of-type", "p:last-of-type", "p:only-child", "div div div p", "body div div", "h2 + p", "p + p", "p ~ ul", "h2 ~ p", "li + li a",
		"a[href]", `a[href^="http"]`, `a[href$=".html"]`, `a[href*='example']`, "a[title~=u]", "li[lang|=zh]", "[class=b]", `[class="a b"]`,
		"p:not(.b)", "div:not(#main)", "li:not(:first-child) a", ":root", ".a > .menu > li > a", "nothing", ".nothing p", "#main #deep",
		"div.b p, ul li",
	}
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	tree := tree.Build(page, nil)
	m := newMatcher(tree, 1<<20)
	for i := range tree.Elements {
		m.enter(int32(i))
	}
	for _, s := range selectors {
		var want, got []string
		group, err := cascadia.ParseGroup(s)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		for _, n := range cascadia.QueryAll(doc, group) {
			for _, a := range n.Attr {
				if a.Key == "n" {
					want = append(want, a.Val)
				}
			}
		}
		for i := range tree.Elements {
			n := m.Value(int32(i), "n")
			for _, part := range strings.Split(s, ", ") {
				sel, ok := css.ParseSelector(part)
				if !ok {
					t.Fatalf("%s does not parse", part)
				}
				if n != "" && m.matches(sel, int32(i)) {
					got = append(got, n)
					break
				}
			}
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s selects %v, cascadia %v", s, got, want)
		}
		if group[0].Specificity() != specificityOf(t, strings.Split(s, ", ")[0]) {
			t.Errorf("%s: specificity %v, cascadia %v", s, specificityOf(t, s), group[0].Specificity())
		}
	}
}

func specificityOf(t *testing.T, s string) cascadia.Specificity {
	sel, ok := css.ParseSelector(s)
	if !ok {
		t.Fatalf("%s does not parse", s)
	}
	n := sel.Specificity
	return cascadia.Specificity{int(n >> 16), int(n >> 8 & 0xFF), int(n & 0xFF)}
}
