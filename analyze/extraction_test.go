package analyze_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze"
)

// TestExtraction: a page's style sheets, charset, links and assessment come from one document, and
// the page itself is returned unchanged.
func TestExtraction(t *testing.T) {
	a := small(t)
	page := html(`<link rel=stylesheet href=/a.css><p class=x>线上赌场</p><a href=/next>下一页</a>`)
	other := seen(qianshao.ViewSearchVisitor, "<p>百家乐 线上赌场 开户</p>")
	x := analyze.NewExtraction(withOthers(page, other))
	sheets := x.Stylesheets()
	if len(sheets) != 1 || !strings.HasSuffix(sheets[0], "/a.css") {
		t.Fatalf("style sheets %q", sheets)
	}
	x.Page.Stylesheets = map[string][]byte{sheets[0]: []byte(".x{display:none}")}
	doc, got := a.AssessExtraction(x)
	if doc != x.Document() || len(doc.Links) != 1 || x.Charset() != "utf-8" || doc.Charset != "utf-8" {
		t.Errorf("another document, or links %v, charset %s", doc.Links, doc.Charset)
	}
	if got.Views[qianshao.ViewSearchVisitor] != nil && got.Views[qianshao.ViewSearchVisitor] != x.Others[0].Document() {
		t.Error("the view has another document")
	}
	whole := x.Whole()
	wantDoc, want := a.Assess(whole)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(qianshao.Document{})); diff != "" {
		t.Errorf("Assess of the same page (-want +got):\n%s", diff)
	}
	if len(whole.Others) != 1 || whole.Others[0].View != other.View || whole.URL != page.URL {
		t.Errorf("the page came out as %+v", whole)
	}
	x.Forget()
	if again := x.Document(); again == doc || !cmp.Equal(again, wantDoc, cmpopts.IgnoreUnexported(qianshao.Document{})) {
		t.Error("after Forget there is the same document, or a different one")
	}
}
