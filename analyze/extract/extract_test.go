package extract

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/qianshao/qianshao"
)

// line is a region as the golden tests write it.
type line struct {
	Kind   qianshao.RegionKind
	Name   string
	Hidden qianshao.Hiding
	Path   string
	Text   string
}

func lines(doc *qianshao.Document) []line {
	var out []line
	for _, r := range doc.Regions {
		out = append(out, line{r.Kind, r.Name, r.Hidden, r.Path, r.Text})
	}
	return out
}

func TestRegions(t *testing.T) {
	const (
		title, meta, heading, text       = qianshao.RegionTitle, qianshao.RegionMeta, qianshao.RegionHeading, qianshao.RegionText
		anchor, url, attr, comment, code = qianshao.RegionAnchor, qianshao.RegionURL, qianshao.RegionAttr, qianshao.RegionComment, qianshao.RegionScript
		none, script                     = qianshao.HidingDisplayNone, qianshao.HidingScript
	)
	tests := []struct {
		name, html string
		want       []line
	}{
		{"inline text is one region", `<p>博<b>彩</b> <i>官网</i></p>`, []line{{text, "", "", "body > p", "博彩 官网"}}},
		{"hidden junk does not break a word", `<p>博<span style="display:none">xx</span>彩<i style="font-size:0">yy</i>网`, []line{
			{text, "", none, "body > p > span", "xx"}, {text, "", qianshao.HidingZeroFont, "body > p > i", "yy"}, {text, "", "", "body > p", "博彩网"}}},
		{"nor does a hidden block", `<div>博<div style="display:none"><p>xx</p></div>彩</div>`, []line{
			{text, "", none, "body > div > div > p", "xx"}, {text, "", "", "body > div", "博彩"}}},
		{"blocks end regions", `<ul><li>一<li>二</ul><table><tr><td>三<td>四</table>五<br>六`, []line{
			{text, "", "", "body > ul > li:nth-of-type(1)", "一"}, {text, "", "", "body > ul > li:nth-of-type(2)", "二"},
			{text, "", "", "body > table > tr > td:nth-of-type(1)", "三"}, {text, "", "", "body > table > tr > td:nth-of-type(2)", "四"},
			{text, "", "", "body", "五 六"}}},
		{"title, meta and headings", `<title> 首 页</title><meta name=Keywords content="a,b"><meta property="og:title" content=o><meta name=viewport content=v><h1>大<em>奖</em></h1>`, []line{
			{title, "", "", "title", "首 页"}, {meta, "keywords", "", "meta:nth-of-type(1)", "a,b"}, {meta, "og:title", "", "meta:nth-of-type(2)", "o"},
			{heading, "", "", "body > h1", "大奖"}}},
		{"a link's text is a region of its own", `<p id=x>前<a href="/a?b=1&copy=2" title=题>文<b>字</b></a>后</p>`, []line{
			{url, "href", "", "#x > a", "/a?b=1&copy=2"}, {attr, "title", "", "#x > a", "题"}, {anchor, "", "", "#x > a", "文字"}, {text, "", "", "#x", "前 后"}}},
		{"links of one character flow in the block", `<p>去<a href=/1>博</a><a href=/2>彩</a>`, []line{
			{url, "href", "", "body > p > a:nth-of-type(1)", "/1"}, {url, "href", "", "body > p > a:nth-of-type(2)", "/2"}, {text, "", "", "body > p", "去博彩"}}},
		{"attributes", `<img src=a.png alt=图><input type=text placeholder=填 value=值><button aria-label=按>钮</button>`, []line{
			{url, "src", "", "body > img", "a.png"}, {attr, "alt", "", "body > img", "图"}, {attr, "placeholder", "", "body > input", "填"},
			{attr, "value", "", "body > input", "值"}, {attr, "aria-label", "", "body > button", "按"}, {text, "", "", "body > button", "钮"}}},
		{"references that are no links", `<form action=/f></form><script src=/s.js></script><iframe src=//i.example/></iframe>`, []line{
			{url, "action", "", "body > form", "/f"}, {url, "src", "", "body > script", "/s.js"}, {url, "src", "", "body > iframe", "//i.example/"}}},
		{"meta refresh", `<meta http-equiv=refresh content="0; URL='http://a.example/'">`, []line{{url, "refresh", "", "meta", "http://a.example/"}}},
		{"comment", "<!-- 博\n 彩 --><p>x", []line{{comment, "", qianshao.HidingComment, "html", "博 彩"}, {text, "", "", "body > p", "x"}}},
		{"script strings", `<script>var a='博\u5f69', b=["x","yyyy"], /* "no" */ c="" + "sh" + "op"; // "no"` + "\n" + `d=/["']/; e=` + "`票`" + `</script>`, []line{
			{code, "", script, "script", "博彩"}, {code, "", script, "script", "shop"}, {code, "", script, "script", "票"}}},
		{"style and script are no text", `<style>p{color:red}</style><script>var a=1</script><p>x`, []line{{text, "", "", "body > p", "x"}}},
		{"NUL does not break a word", "<p>博\x00彩", []line{{text, "", "", "body > p", "博彩"}}},
		{"written", `<script>document.write('<a href="http:\/\/c.example\/">博彩</a>')</script>`, []line{
			{url, "href", qianshao.HidingWritten, "script", "http://c.example/"}, {anchor, "", qianshao.HidingWritten, "script", "博彩"}}},
		{"search engine visitors are sent away", `<script>if(/baidu|sogou/i.test(document.referrer)){location.href="http://c.example/";}</script>`, []line{
			{code, "", script, "script", "http://c.example/"},
			{code, "referrer-redirect", script, "script", `/baidu|sogou/i.test(document.referrer)){location.href="http://c.example/"`}}},
		{"crawlers are shown another page", `<script>var r=navigator["userAgent"].toLowerCase();if(r.indexOf("baiduspider")>-1){document.write("<b>博彩</b>")}</script>`, []line{
			{code, "referrer-redirect", script, "script", `"userAgent"].toLowerCase();if(r.indexOf("baiduspider")>-1){document.write("<b>博彩</b>")`},
			{text, "", qianshao.HidingWritten, "script", "博彩"}}},
		{"a mobile redirect is none of that", `<script>if(/iphone|android|baiduboxapp/i.test(navigator.userAgent)){location.href="/m/"}</script>`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := document(tt.html, nil)
			if diff := cmp.Diff(tt.want, lines(doc)); diff != "" {
				t.Errorf("regions (-want +got):\n%s", diff)
			}
			checkInvariants(t, doc)
		})
	}
}

// TestPositions asks where a text stands in the source. [ and ] mark the place in the page.
func TestPositions(t *testing.T) {
	tests := []struct{ name, html, find string }{
		{"plain", `<p>前[博彩]后`, "博彩"},
		{"across tags", `<p>前[博<b>彩]</b>后`, "博彩"},
		{"across hidden junk", `<p>前[博<i hidden>x</i>彩]后`, "博彩"},
		{"entities", `<title>[&#x6FB3;&#38376;]xx</title>`, "澳门"},
		{"named entity", `<p>a[&nbsp;&lt;]b`, "\u00A0<"},
		{"white space", "<p>a[b \n\t c]d", "b c"},
		{"attribute", `<img alt='x[博&#24425;]y'>`, "博彩"},
		{"unquoted attribute", `<img alt=[博彩] src=y>`, "博彩"},
		{"second line", "<p>a\n<p>\r\n中文[博彩]", "博彩"},
		{"comment", `<!--a[b]c-->`, "b"},
		{"script escape", `<script>x="a[\u535a彩]b"</script>`, "博彩"},
		{"script pieces", `<script>x="a[博"+"彩]b"</script>`, "博彩"},
		{"written", `<script>document.write("<p>x[博\u5f69<\/p>]")</script>`, "博彩"},
		{"written twice", `<script>document.write("<script>document.write('<p>[\\u535a彩]')<\/script>")</script>`, "博彩"},
		{"unescaped", `<script>document.write(unescape("x[%u535A%E5%BD%A9]%3Cp%3E"))</script>`, "博彩"},
		{"packed", `<script>eval(function(p,a,c,k,e,d){return p}('0("-[1]-<p>")',10,2,'document.write|博彩'.split('|')))</script>`, "博彩"},
		{"target", `<a href="http://[c.example]/">x`, "c.example"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := strings.Index(tt.html, "[")
			end := strings.LastIndex(tt.html, "]") - 1
			html := strings.NewReplacer("[", "", "]", "").Replace(tt.html)
			if tt.name == "written" { // the marks may include what follows a text
				end = strings.Index(html, `<\/p>`)
			}
			doc := document(html, nil)
			r := find(t, doc, tt.find)
			at := strings.Index(r.Text, tt.find)
			got := r.SourceSpan(at, at+len(tt.find))
			if got.Start != start || got.End != end {
				t.Errorf("stands at %v %q, want [%d,%d) %q", got, doc.Source[got.Start:got.End], start, end, html[start:end])
			}
			checkInvariants(t, doc)
		})
	}
}

// checkInvariants checks that a document keeps what its fields promise.
func checkInvariants(t *testing.T, doc *qianshao.Document) {
	t.Helper()
	if !utf8.ValidString(doc.Source) {
		t.Fatal("the source is not valid UTF-8")
	}
	scripted := strings.Contains(strings.ToLower(doc.Source), "<script")
	last := 0 // where the previous attribute or comment begins
	for i := range doc.Regions {
		r := &doc.Regions[i]
		checkRegion(t, doc, r, scripted)
		// Text is written when its block ends, and a script's strings may come from anywhere in it.
		// Everything else is in the order of the source.
		switch r.Kind {
		case qianshao.RegionURL, qianshao.RegionAttr, qianshao.RegionMeta, qianshao.RegionTitle, qianshao.RegionComment:
			if start := r.Span().Start; !scripted && start < last {
				t.Fatalf("region %d (%s %q) begins at %d, the one before at %d", i, r.Kind, r.Text, start, last)
			} else {
				last = start
			}
		}
	}
	region := -1
	for _, l := range doc.Links {
		if l.Region <= region || l.Region >= len(doc.Regions) || doc.Regions[l.Region].Kind != qianshao.RegionURL {
			t.Fatalf("link %q names region %d, the one before region %d", l.URL, l.Region, region)
		}
		region = l.Region
		if !strings.HasPrefix(l.URL, "http://") && !strings.HasPrefix(l.URL, "https://") {
			t.Fatalf("link %q", l.URL)
		}
	}
}

// checkRegion checks a region's map: the runs cover its text without a gap, they point to the
// source in order unless a script put the text together, and where nothing was decoded, text and
// source are the same bytes.
func checkRegion(t *testing.T, doc *qianshao.Document, r *qianshao.Region, scripted bool) {
	t.Helper()
	if len(r.Map) == 0 || len(r.Text) == 0 {
		t.Fatalf("a region (%s) is empty", r.Kind)
	}
	at, source := 0, 0
	for _, run := range r.Map {
		if run.Text.Start != at || run.Text.End <= at || run.Source.Start < source && !scripted || run.Source.End < run.Source.Start || run.Source.End > len(doc.Source) {
			t.Fatalf("region %s %q: run %+v behind text %d, source %d of %d", r.Kind, r.Text, run, at, source, len(doc.Source))
		}
		at, source = run.Text.End, run.Source.Start
		if text, from := r.Text[run.Text.Start:run.Text.End], doc.Source[run.Source.Start:run.Source.End]; len(text) == len(from) {
			checkEqualRun(t, text, from, scripted)
		}
	}
	if at != len(r.Text) {
		t.Fatalf("region %s %q: the map covers %d of %d bytes", r.Kind, r.Text, at, len(r.Text))
	}
	if s := r.SourceSpan(0, len(r.Text)); s.Start < 0 || s.End < s.Start || s.End > len(doc.Source) {
		t.Fatalf("region %s %q: span %v outside the source", r.Kind, r.Text, s)
	}
}

// checkEqualRun: a run that is as long as its source has the same bytes. The exceptions are white
// space, a reference as long as the character that it stands for, and what a script decodes: a
// packed word may be as long as the one that it stands for.
func checkEqualRun(t *testing.T, text, source string, scripted bool) {
	t.Helper()
	if text != source && text != " " && !strings.HasPrefix(source, "&") && !scripted {
		t.Fatalf("run of one length: text %q, source %q", text, source)
	}
}

func TestLinks(t *testing.T) {
	doc := document(`<base href="/base/"><body>
<a href="a.html" rel="NoFollow">甲<b>乙</b></a> <a href="http://c.example/x" style="color:#fff">白</a>
<div style="display:none"><a href="//d.example">隐</a></div><a href="#top">顶</a><a href="javascript:go()">脚</a>
<a href="mailto:a@b.example">信</a><a href="../up.html"><img alt=图></a><iframe src="f.html"></iframe><area href="?q=1">`, nil)
	want := []qianshao.Link{
		{URL: "http://school.example/base/a.html", Anchor: "甲乙", Rel: "nofollow"},
		{URL: "http://c.example/x", Anchor: "白", Hidden: qianshao.HidingSameColour},
		{URL: "http://d.example", Anchor: "隐", Hidden: qianshao.HidingDisplayNone},
		{URL: "http://school.example/up.html"},
		{URL: "http://school.example/base/f.html"},
		{URL: "http://school.example/base/?q=1"},
	}
	got := append([]qianshao.Link(nil), doc.Links...)
	for i := range got {
		got[i].Region = 0
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	checkInvariants(t, doc)
}

func TestMetaRobots(t *testing.T) {
	doc := document(`<meta name="Robots" content="noindex, nofollow"><meta name=googlebot content=none><META content='no&#97;rchive' NAME=qianshao>
<meta name=robots content=""><meta name=robots>`+strings.Repeat(`<meta name=robots content="`+strings.Repeat("长", 500)+`">`, 20), nil)
	want := []string{"noindex, nofollow", "noarchive"}
	if diff := cmp.Diff(want, doc.MetaRobots[:2]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := len(doc.MetaRobots); n != maxMetaRobots || len(doc.MetaRobots[n-1]) > maxMetaRobot {
		t.Errorf("%d kept, the last of %d bytes", n, len(doc.MetaRobots[n-1]))
	}
}

func TestPlainText(t *testing.T) {
	for _, contentType := range []string{"text/plain; charset=utf-8", "text/html", ""} {
		doc := Parse(qianshao.Page{ContentType: contentType, Body: []byte("第一 段\n还是 第一段\n\n \n第二段 a < b\n")}).Document(nil)
		want := []line{{Kind: qianshao.RegionText, Text: "第一 段 还是 第一段"}, {Kind: qianshao.RegionText, Text: "第二段 a < b"}}
		if diff := cmp.Diff(want, lines(doc)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", contentType, diff)
		}
		checkInvariants(t, doc)
	}
	doc := Parse(qianshao.Page{ContentType: "text/plain", Body: []byte("<b>x</b>")}).Document(nil)
	if len(doc.Regions) != 1 || doc.Regions[0].Text != "<b>x</b>" {
		t.Errorf("text/plain is not markup: %s", describe(doc))
	}
}

func TestStylesheets(t *testing.T) {
	html := `<base href=/static/><link rel="StyleSheet" href="a.css"><LINK href='/b.css?x=1&amp;y=2' rel=stylesheet>
<link rel="alternate stylesheet" href=c.css><link rel=icon href=d.ico><link rel=stylesheet href=a.css><link rel=stylesheet href=//cdn.example/e.css>`
	page := qianshao.Page{URL: "https://school.example/x/", Body: []byte(html)}
	want := []string{"https://school.example/static/a.css", "https://school.example/b.css?x=1&y=2", "https://cdn.example/e.css"}
	if diff := cmp.Diff(want, Parse(page).Stylesheets()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, html := range []string{"", "<", "<link", "<link>", "<base>", "<link rel=stylesheet>"} {
		if got := Parse(qianshao.Page{Body: []byte(html)}).Stylesheets(); len(got) > 0 {
			t.Errorf("%q: %v", html, got)
		}
	}
}

func TestAlternates(t *testing.T) {
	html := `<link rel="Alternate" type="application/rss+xml" href="/feed"><link rel="alternate" media="handheld" href="http://m.school.example/">
<link rel="alternate stylesheet" href=c.css><link rel=canonical href=d><link rel=alternate>`
	doc := Parse(qianshao.Page{URL: "https://school.example/x/", Body: []byte(html)}).Document(nil)
	var got []string
	for _, link := range doc.Links {
		if link.Hidden != qianshao.HidingNone {
			t.Errorf("%s counts as %s: a head shows nothing, and conceals nothing", link.URL, link.Hidden)
		}
		got = append(got, link.URL)
	}
	if diff := cmp.Diff([]string{"https://school.example/feed", "http://m.school.example/"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAttributes: an attribute with Chinese words is a region, even if no browser shows it.
func TestAttributes(t *testing.T) {
	for name, test := range map[string]struct {
		html string
		want qianshao.Hiding
	}{
		"title":                      {`<p title="` + secret + `">`, qianshao.HidingNone},
		"path":                       {`<svg><path d="M9 12h6 ` + secret + ` 2z"/></svg>`, qianshao.HidingMisused},
		"path in references":         {`<svg><path d="M9 &#27880;&#20876;&#36865;&#24425;&#37329; 2z"/></svg>`, qianshao.HidingMisused},
		"viewBox":                    {`<svg viewBox="0 0 9 9 ` + secret + `"></svg>`, qianshao.HidingMisused},
		"d of no drawing":            {`<li d="` + secret + `">`, qianshao.HidingUnshown},
		"data in a hidden menu":      {`<ul style="display:none"><li data-name="` + secret + `">`, qianshao.HidingUnshown},
		"handler":                    {`<a onclick="alert('` + secret + `')">`, qianshao.HidingUnshown},
		"meta of another name":       {`<meta name="location" content="` + secret + `">`, qianshao.HidingUnshown},
		"written":                    {`<script>document.write('<svg><path d="` + secret + `"/></svg>')</script>`, qianshao.HidingWritten},
		"srcdoc":                     {`<iframe srcdoc="&lt;body style='display:block'&gt;&lt;p&gt;` + secret + `"></iframe>`, qianshao.HidingNone},
		"srcdoc in a srcdoc":         {`<iframe srcdoc="<iframe srcdoc='<p hidden>` + secret + `'></iframe>"></iframe>`, qianshao.HidingAttribute},
		"srcdoc of a script":         {`<iframe srcdoc="<script>// a comment` + "\n" + `document.write('<b>` + secret + `</b>')</script>"></iframe>`, qianshao.HidingWritten},
		"a frame's sheet is its own": {`<iframe srcdoc="<style>p{display:none}</style>"></iframe><p>` + secret, qianshao.HidingNone},
		"a frame's body is its own":  {`<body><iframe srcdoc="<body style='display:none'>"></iframe><p>` + secret, qianshao.HidingNone},
	} {
		t.Run(name, func(t *testing.T) {
			doc := document(test.html, nil)
			region := find(t, doc, secret)
			if region.Hidden != test.want {
				t.Errorf("hidden = %q, want %q", region.Hidden, test.want)
			}
			if at := region.Span(); !strings.Contains(doc.Source[at.Start:at.End], secret) && !strings.Contains(doc.Source[at.Start:at.End], "&#27880;") {
				t.Errorf("the region points at %q", doc.Source[at.Start:at.End])
			}
		})
	}
	for name, html := range map[string]string{
		"fonts":          `<p style="font-family:宋体"><font face="微软雅黑">`,
		"file":           `<div data-src="/图片/校园.jpg" data-bg="http://a.example/图.png">`,
		"ASCII":          `<div data-id="1234" class="more">`,
		"picture in URL": `<div data-x="data:image/png;base64,图">`,
	} {
		if doc := document(html, nil); len(doc.Regions) > 0 {
			t.Errorf("%s: %s", name, describe(doc))
		}
	}
}

// TestLargeSrcdoc: text beyond the limit is left out, and the document has a note.
func TestLargeSrcdoc(t *testing.T) {
	doc := document(`<iframe srcdoc="`+strings.Repeat("&lt;p&gt;校园", 200_000)+`"></iframe><p>`+secret, nil)
	if !slices.Contains(doc.Notes, qianshao.NoteTooMany) || find(t, doc, secret).Hidden != "" {
		t.Errorf("notes %v", doc.Notes)
	}
}

// TestExternalScripts: an external script is read at the place of its element, and its text is
// mapped to the reference in the page.
func TestExternalScripts(t *testing.T) {
	read := func(html string, scripts map[string]string) *qianshao.Document {
		parsed := Parse(qianshao.Page{URL: "http://school.example/news/1.html", ContentType: "text/html; charset=gb2312", Body: []byte(html)})
		bodies := map[string][]byte{}
		for url, code := range scripts {
			bodies[url] = []byte(code)
		}
		parsed.ReadScripts(bodies)
		return parsed.Document(nil)
	}
	const html = `<html><body><p>校园新闻</p><script src="/js/a.js"></script><p>招生简章</p><script src=b.js type=text/x-template></script></body></html>`
	const url = "http://school.example/js/a.js"
	for name, test := range map[string]struct {
		code string
		kind qianshao.RegionKind
		want qianshao.Hiding
	}{
		"string":  {`var a = "` + secret + `"`, qianshao.RegionScript, qianshao.HidingScript},
		"written": {`document.write("<p>` + secret + `</p>")`, qianshao.RegionText, qianshao.HidingWritten},
		"eval":    {`eval("document.write('<p>` + secret + `</p>')")`, qianshao.RegionText, qianshao.HidingWritten},
		"GBK":     {"var a = \"\xd7\xa2\xb2\xe1\xcb\xcd\xb2\xca\xbd\xf0\"", qianshao.RegionScript, qianshao.HidingScript},
	} {
		doc := read(html, map[string]string{url: test.code, "http://school.example/news/b.js": `var b = "不是脚本"`})
		region := find(t, doc, secret)
		if region.Hidden != test.want || region.Kind != test.kind || region.Script != url {
			t.Errorf("%s: %s, hidden %q, of script %q", name, region.Kind, region.Hidden, region.Script)
		}
		if at := region.Span(); at.Len() != 0 || !strings.HasPrefix(doc.Source[at.Start:], "/js/a.js") {
			t.Errorf("%s: mapped to %v", name, at)
		}
		if !ScriptMatters([]byte(test.code), "gb18030") {
			t.Errorf("%s: does not matter", name)
		}
		if before, after := find(t, doc, "校园新闻"), find(t, doc, "招生简章"); before.Script != "" || after.Script != "" || strings.Contains(describe(doc), "不是脚本") {
			t.Errorf("%s: %s", name, describe(doc))
		}
	}
	again := strings.Repeat(`<script src="/js/a.js"></script>`, 20_000)
	if doc := read(again, map[string]string{url: `document.write('` + again + `');var a="` + secret + `"` + strings.Repeat(";", 100_000)}); strings.Count(describe(doc), secret) != 1 {
		t.Errorf("a script of many elements is read more than once:%.200s", describe(doc))
	}
	library := `!function(e){e.fn.show=function(){return this.each(function(){this.innerHTML="<b></b>"})};var a="click .more"}(jQuery)`
	if ScriptMatters([]byte(library), "utf-8") {
		t.Error("a library matters")
	}
	if doc := read(html, map[string]string{url: library}); strings.Contains(describe(doc), "click") {
		t.Errorf("a library is read:%s", describe(doc))
	}
	if got := Parse(qianshao.Page{URL: "http://school.example/news/1.html", Body: []byte(html)}).Scripts(); len(got) != 1 || got[0] != url {
		t.Errorf("scripts %q", got)
	}
}
