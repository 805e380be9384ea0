package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/qianshao/qianshao"
)

// FuzzDocument: a document keeps what its fields promise, and reading a page again gives the same
// document.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		"", "<", "<a", "<a href", "<a href='", "</", "</a", "<!", "<!--", "<!-->", "<?xml?><a><![CDATA[x]]></a>",
		`<p>博<b>彩</b><span style="display:none">x</span>&#x535a;&nGg;&#0&amp`,
		`<style>@media{a:not(.b)>c~d+e[f^="g"]:nth-child(2n+1){display:none;margin:0 1px;font:0/0 a}</style>`,
		`<script>document.write("<b>\u535a"+unescape("%u5f69%")+String.fromCharCode(55356,57264)+"<\/b>")</script>`,
		`<script>eval(function(p,a,c,k,e,d){}('0(1)',2,2,'document.write|x'.split('|'),0,{}))</script>`,
		`<script>["a","b"].join("c");` + "`${x}`" + `;/[/]/;x=document.getElementById("y");x.style.display="none"</script>`,
		`<iframe srcdoc="<p a=博>&lt;b&gt;<iframe srcdoc='&quot;彩'></iframe>"></iframe><svg d="彩"><path d=彩>`,
		`<script>a="b"+c;a+="d";document.write(a+a)</script><script src=x></script>`,
		`<b><i><div></b></i></div><table><tr><td><li><p></table><select><option><option></select>`,
		`<meta http-equiv=refresh content="0;url='x"><base href=:><link rel=stylesheet href=//>`,
		"\xff\xfe<\x00p\x00>\x00", "\xce\xd2\xb5\xc4", "\x84\x31\x95\x33\xff",
	} {
		f.Add([]byte(seed), "text/html", "a{b:c}")
	}
	f.Add([]byte(`<script src=a.js></script>`), "text/html", `document.write("<p>博彩<script src=b.js><\/script>");x="\u535a"`)
	f.Fuzz(func(t *testing.T, body []byte, contentType, sheet string) {
		page := qianshao.Page{URL: "http://a.example/", ContentType: contentType, Body: body}
		sheets := func(string) ([]byte, bool) { return []byte(sheet), true }
		parsed := Parse(page)
		doc := parsed.Document(sheets)
		checkInvariants(t, doc)
		for _, url := range parsed.Stylesheets() {
			if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
				t.Errorf("style sheet %q", url)
			}
		}
		if again := parsed.Document(sheets); !cmp.Equal(doc, again, cmpopts.IgnoreUnexported(qianshao.Document{})) {
			t.Error("one parsed page has two documents")
		}
		scripted := Parse(page)
		scripts := map[string][]byte{}
		for _, url := range scripted.Scripts() {
			scripts[url] = []byte(sheet)
		}
		scripted.ReadScripts(scripts)
		checkInvariants(t, scripted.Document(sheets))
		if again := Parse(page).Document(sheets); !cmp.Equal(doc, again, cmpopts.IgnoreUnexported(qianshao.Document{})) {
			t.Error("one page has two documents")
		}
	})
}
