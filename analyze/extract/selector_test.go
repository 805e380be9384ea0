package extract

import (
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// TestSelectorsAgainstCascadia holds our matcher to cascadia's answers: the
// elements have their number as attribute n, and a well-formed page gives both
// the same tree.
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
	tree := build(page)
	m := newMatcher(tree, 1<<20)
	for i := range tree.elements {
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
		for i := range tree.elements {
			n := m.value(int32(i), "n")
			for _, part := range strings.Split(s, ", ") {
				sel, ok := parseSelector(part)
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
	sel, ok := parseSelector(s)
	if !ok {
		t.Fatalf("%s does not parse", s)
	}
	n := sel.specificity
	return cascadia.Specificity{int(n >> 16), int(n >> 8 & 0xFF), int(n & 0xFF)}
}

// TestPaths: the path of each region selects the element that it names.
func TestPaths(t *testing.T) {
	doc := document(`<body><div><p>一</p><p>二<b>三</b></p></div><div><p>四</p><table><tr><td>五</td><td><a href=x>六字</a></td></tr></table></div><div id=k><i><p>七</p></i></div>`, nil)
	root, err := html.Parse(strings.NewReader(strings.ReplaceAll(strings.ReplaceAll(doc.Source, "<table>", "<table><tbody>"), "<i><p>", "<i><p>")))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range doc.Regions {
		path := strings.ReplaceAll(r.Path, "table > tr", "table > tbody > tr") // a tbody that nobody wrote is not in our tree
		sel, err := cascadia.Parse(path)
		if err != nil {
			t.Errorf("path %s: %v", r.Path, err)
			continue
		}
		found := cascadia.QueryAll(root, sel)
		if len(found) != 1 || found[0].Data == "" {
			t.Errorf("path %s of %q selects %d elements", r.Path, r.Text, len(found))
		}
	}
}

func TestBadSelectors(t *testing.T) {
	for _, s := range []string{"", " ", ">", "a >", "a,", "..a", "#", "[", "[a", "a:hover", "a::before", ":nth-child(", ":nth-child(x)", ":not(", ":not(:not(:not(:not(a))))", "a b\x00", "a{", strings.Repeat("a ", 100)} {
		if sel, ok := parseSelector(s); ok {
			t.Errorf("%q parses as %+v", s, sel)
		}
	}
}
